/**
 * Short ways to feed a state machine in tests.
 *
 * @module
 */

import { assert } from "@std/assert";
import {
  type Command,
  type CommandResult,
  type Committed,
  encodeCommand,
  type Key,
  keyFromBytes,
  KvStateMachine,
  type Operation,
  type PutOperation,
} from "@raftkv/core/kv";
import type { Entry, LogIndex, Term } from "@raftkv/core/raft";

/** The key that spells `text`, which is ASCII. */
export function keyOf(text: string): Key {
  return keyFromBytes(bytesOfText(text));
}

/** The bytes of `text`. */
export function bytesOfText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Puts a text. */
export function put(key: string, value: string): PutOperation {
  return { kind: "put", key: keyOf(key), value: bytesOfText(value), encoding: "text" };
}

/** Takes a key out. */
export function del(key: string): Operation {
  return { kind: "delete", key: keyOf(key) };
}

/** A log under construction: entries come out with the next index and the given time. */
export class Log {
  #index = 0;
  /** The time that the next entries carry. */
  timeMs = 1_000;

  /** The next entry, with any payload. */
  entry(payload: Uint8Array): Entry {
    const index = ++this.#index as LogIndex;
    return { index, term: 1 as Term, kind: "command", timeMs: this.timeMs, payload };
  }

  /** Applies a command as the next entry. */
  apply(machine: KvStateMachine, command: Command): CommandResult {
    return machine.apply(this.entry(encodeCommand(command)));
  }

  /** Commits operations outside any session. */
  commit(machine: KvStateMachine, ...operations: Operation[]): Committed {
    const result = this.apply(machine, { kind: "commit", operations });
    assert(result.kind === "committed");
    return result;
  }

  /** Opens a session and returns its id. */
  open(machine: KvStateMachine): number {
    const result = this.apply(machine, { kind: "open_session" });
    assert(result.kind === "session_opened");
    return result.session;
  }

  /** Commits one put of the sequence's number to key `n` under a session. */
  send(machine: KvStateMachine, session: number, sequence: number): CommandResult {
    return this.apply(machine, {
      kind: "commit",
      once: { session, sequence },
      operations: [put("n", String(sequence))],
    });
  }

  /** Commits one put of `value` to key `n` under an idempotency key. */
  sendKey(machine: KvStateMachine, idempotencyKey: string, value: string): CommandResult {
    const once = { idempotencyKey };
    return this.apply(machine, { kind: "commit", once, operations: [put("n", value)] });
  }
}

/** All bytes of a machine's snapshot in one piece. */
export function snapshotBytes(machine: KvStateMachine): Uint8Array {
  return joined([...machine.snapshot()]);
}

/** Slices in one piece. */
export function joined(slices: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(slices.reduce((size, slice) => size + slice.length, 0));
  let at = 0;
  for (const slice of slices) {
    bytes.set(slice, at);
    at += slice.length;
  }
  return bytes;
}

/** A new machine in the state that a snapshot holds. */
export function restored(bytes: Uint8Array): KvStateMachine {
  const machine = new KvStateMachine();
  const restorer = machine.restorer();
  restorer.push(bytes);
  restorer.finish();
  return machine;
}
