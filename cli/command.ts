/**
 * What a command is: its face on the command line, and what it does.
 *
 * @module
 */

import type { Output } from "./output.ts";
import type { Surroundings } from "./surroundings.ts";

/** A flag a command understands. */
export interface Flag {
  /** Its name without dashes. */
  readonly name: string;
  /** What its value is called in the help; a flag without it is a switch. */
  readonly value?: string;
  /** Whether it may be given several times. */
  readonly repeatable?: true;
  /** The second words it goes with, of a command that has such; any if not given. */
  readonly verbs?: readonly string[];
  readonly summary: string;
}

/** A line that works as it stands, and what it does. */
export interface Example {
  readonly line: string;
  readonly meaning: string;
}

/** One command of the program. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Its arguments as the help shows them: `KEY VALUE`. */
  readonly usage: string;
  /** How many arguments it takes, least and most. */
  readonly arity: readonly [number, number];
  /** Its own flags, beside those of every command; loaded when needed, for some are far away. */
  flags(): readonly Flag[] | Promise<readonly Flag[]>;
  /** Paragraphs of the help. */
  readonly details: readonly string[];
  readonly examples: readonly Example[];
  /** Carries it out. Resolves to the exit code: one of `EXIT`, or that of a program it ran. */
  run(invocation: Invocation): Promise<number>;
}

/** A command line, understood. */
export interface Invocation {
  /** The arguments after the command's name. */
  readonly positionals: readonly string[];
  readonly flags: FlagValues;
  readonly output: Output;
  readonly surroundings: Surroundings;
  /** All commands of the program. */
  readonly commands: readonly Command[];
}

/** Values of the flags that were given. */
export interface FlagValues {
  /** Whether a switch was given. */
  has(name: string): boolean;
  /** The value of a flag, the last one if it was repeated. */
  get(name: string): string | undefined;
  /** All values of a flag. */
  all(name: string): readonly string[];
}
