/**
 * A state machine of your own in the place of the key-value store: it gets the log, the links, the
 * snapshots and the simulator.
 *
 * @module
 */

import { type Entry, invariant } from "@raftkv/core";
import { ByteReader, ByteWriter, DecodeError } from "@raftkv/core/codec";
import type { StateMachine, StateRestorer } from "@raftkv/core/replica";

/** What `apply` may look at besides the state and the command: the same on every node. */
export interface ApplyContext {
  /** Where the command stands in the log: greater for each later one. */
  readonly index: number;
  /** The wall clock of the leader that took the command, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** What one command leads to. */
export interface Applied<State, Result> {
  /** The state from now on. */
  readonly state: State;
  /** What whoever proposed the command is told. */
  readonly result: Result;
}

/**
 * A state machine. Commands and results are JSON. All four functions are pure: no clock, no chance,
 * nothing from outside, or the nodes come to differ.
 */
export interface StateMachineDefinition<State, Command, Result, Query, Answer> {
  /** The state before the first command. */
  readonly initial: () => State;
  /**
   * Carries out a command. It makes a new state and leaves the old one as it is, since a snapshot of
   * it may be under way. If it throws, the state stays and the proposer gets the message.
   */
  readonly apply: (
    state: State,
    command: Command,
    context: ApplyContext,
  ) => Applied<State, Result>;
  /** The state as bytes; its JSON if not given. */
  readonly snapshot?: (state: State) => Uint8Array;
  /** The state of bytes that `snapshot` made. */
  readonly restore?: (bytes: Uint8Array) => State;
  /** Answers a question of a state. */
  readonly query: (state: State, query: Query) => Answer;
}

/** A state machine that can be replicated. */
export interface DefinedStateMachine<State, Command, Result, Query, Answer> {
  /** A command as it stands in the log. */
  encode(command: Command): Uint8Array;
  /** A fresh one, for a node or for the simulator. */
  create(): RunningMachine<State, Result, Query, Answer>;
}

/** What a command came to: its result, or why it had no effect. */
export type MachineResult<Result> =
  | { readonly kind: "applied"; readonly result: Result }
  | { readonly kind: "refused"; readonly message: string };

/** A state machine of one node. */
export interface RunningMachine<State, Result, Query, Answer>
  extends StateMachine<MachineResult<Result>> {
  /** The state as it is now. */
  readonly state: State;
  /** Answers a question of it. */
  query(query: Query): Answer;
}

/** Makes a state machine out of its functions. */
export function defineStateMachine<State, Command, Result, Query = void, Answer = State>(
  definition: StateMachineDefinition<State, Command, Result, Query, Answer>,
): DefinedStateMachine<State, Command, Result, Query, Answer> {
  return {
    encode: (command) => encoder.encode(JSON.stringify(command)),
    create: () => new Machine(definition),
  };
}

class Machine<State, Command, Result, Query, Answer>
  implements RunningMachine<State, Result, Query, Answer> {
  readonly #definition: StateMachineDefinition<State, Command, Result, Query, Answer>;
  #state: State;
  #revision = 0;
  #hash = FNV_BASIS;

  constructor(definition: StateMachineDefinition<State, Command, Result, Query, Answer>) {
    this.#definition = definition;
    this.#state = definition.initial();
  }

  get state(): State {
    return this.#state;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Of all commands and of what came of each: machines that differ show it at the first result. */
  get stateHash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  apply({ kind, index, timeMs, payload }: Entry): MachineResult<Result> {
    invariant(kind === "command", "only commands are applied");
    this.#revision += 1;
    const result = this.#carryOut(payload, { index, timeMs });
    this.#hash = mixed(mixed(this.#hash, payload), this.encodeResult(result));
    return result;
  }

  query(query: Query): Answer {
    return this.#definition.query(this.#state, query);
  }

  encodeResult(result: MachineResult<Result>): Uint8Array {
    return encoder.encode(JSON.stringify(result));
  }

  decodeResult(bytes: Uint8Array): MachineResult<Result> {
    return parsed(bytes) as MachineResult<Result>;
  }

  snapshot(): Iterable<Uint8Array> {
    const { snapshot = (state: State) => encoder.encode(JSON.stringify(state)) } = this.#definition;
    // Of this moment, whenever the bytes are made.
    const state = this.#state;
    const head = new ByteWriter();
    head.u64(this.#revision);
    head.u32(this.#hash >>> 0);
    return (function* () {
      yield head.finish();
      yield snapshot(state);
    })();
  }

  restorer(): StateRestorer {
    const slices: Uint8Array[] = [];
    return {
      push: (slice) => void slices.push(slice.slice()),
      finish: () => this.#restore(concatenated(slices)),
    };
  }

  #carryOut(payload: Uint8Array, context: ApplyContext): MachineResult<Result> {
    try {
      const command = parsed(payload) as Command;
      const { state, result } = this.#definition.apply(this.#state, command, context);
      const applied = { kind: "applied", result } as const;
      // One that JSON cannot express is refused here: thrown later, it would end every node.
      this.encodeResult(applied);
      this.#state = state;
      return applied;
    } catch (error) {
      // Every node throws the same at the same command. None of them may end for it.
      return { kind: "refused", message: error instanceof Error ? error.message : String(error) };
    }
  }

  #restore(bytes: Uint8Array): void {
    const { restore = (state: Uint8Array) => parsed(state) as State } = this.#definition;
    const reader = new ByteReader(bytes);
    const revision = reader.u64();
    const hash = reader.u32();
    this.#state = restore(reader.raw(reader.remainingBytes));
    this.#revision = revision;
    this.#hash = hash;
  }
}

const encoder = new TextEncoder();

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new DecodeError("Bytes are not JSON", 0);
  }
}

function concatenated(slices: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(slices.reduce((size, slice) => size + slice.length, 0));
  let at = 0;
  for (const slice of slices) {
    all.set(slice, at);
    at += slice.length;
  }
  return all;
}

/** FNV-1a, 32 bits: it tells accidents apart, not forgeries. */
const FNV_BASIS = 0x811c_9dc5;

function mixed(hash: number, bytes: Uint8Array): number {
  let mix = hash;
  for (const byte of bytes) mix = Math.imul(mix ^ byte, 0x0100_0193);
  return mix;
}
