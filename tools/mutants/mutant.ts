/**
 * A mutant: a bug that a system of this kind has had, put into this one by a small change of its
 * source, together with what must find it and what that must say.
 *
 * @module
 */

/** A change of one file. */
export interface Edit {
  /** The file, from the root of the repository. */
  readonly file: string;
  /** What stands there, exactly once. */
  readonly anchor: string;
  /** What is put in its place. */
  readonly replacement: string;
}

/** What finds a mutant. */
export type Killer =
  | {
    /** Simulated clusters in bad weather. */
    readonly harness: "sim";
    /** How many seeds it may take, from 1 on. */
    readonly seeds: number;
    /** What one of these rules begins with. */
    readonly rules: readonly string[];
  }
  | {
    /** All that may happen to three nodes. */
    readonly harness: "explore";
    /** Where the search begins. */
    readonly start: string;
    /** How far it may go. */
    readonly depth: number;
    readonly rules: readonly string[];
  }
  | {
    /** One named test. */
    readonly harness: "test";
    /** Its file, in `tests/`. */
    readonly file: string;
    /** Part of its name. */
    readonly name: string;
    /** Why it is not the simulator or the explorer that finds it, where those look for its like. */
    readonly why?: string;
  };

/** A bug to put in. */
export interface Mutant extends Edit {
  /** The row of the survey of published bugs that it is of; unique in its family with its letter. */
  readonly row: string;
  /** What goes wrong. */
  readonly bug: string;
  /** Further changes, where one does not make the bug. */
  readonly also?: readonly Edit[];
  /** What must find it. */
  readonly killer: Killer;
}

/** All changes of a mutant. */
export function editsOf(mutant: Mutant): readonly Edit[] {
  return [mutant, ...mutant.also ?? []];
}

/** A row of the survey that cannot be put in, or that is nothing to put in. */
export interface Excused {
  /** The row. */
  readonly row: string;
  /** Why there is no such mutant. */
  readonly why: string;
}
