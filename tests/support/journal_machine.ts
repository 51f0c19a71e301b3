/**
 * The simplest state machine there is: it remembers every payload in order.
 *
 * @module
 */

import { DecodeError } from "@raftkv/core/codec";
import type { Entry } from "@raftkv/core/raft";
import type { StateMachine, StateRestorer } from "@raftkv/core/replica";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Payloads as lines of text; the result of a command is its place in the journal. */
export class JournalMachine implements StateMachine<number> {
  lines: string[] = [];

  get revision(): number {
    return this.lines.length;
  }

  get stateHash(): string {
    let hash = 0x811c9dc5;
    for (const text of this.lines) {
      for (let at = 0; at < text.length; at++) {
        hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
      }
      hash = Math.imul(hash ^ 10, 0x01000193);
    }
    return (hash >>> 0).toString(16);
  }

  apply(entry: Entry): number {
    return this.lines.push(decoder.decode(entry.payload));
  }

  encodeResult(result: number): Uint8Array {
    return encoder.encode(String(result));
  }

  decodeResult(bytes: Uint8Array): number {
    const result = Number(decoder.decode(bytes));
    if (!Number.isInteger(result)) throw new DecodeError("Result is not a number", 0);
    return result;
  }

  /** Gives the state as it was at the call, in slices of a few bytes. */
  *#slices(text: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < text.length; at += 7) yield text.slice(at, at + 7);
  }

  snapshot(): Iterable<Uint8Array> {
    return this.#slices(encoder.encode(JSON.stringify(this.lines)));
  }

  restorer(): StateRestorer {
    const bytes: number[] = [];
    return {
      push: (slice) => void bytes.push(...slice),
      finish: () => {
        this.lines = JSON.parse(decoder.decode(new Uint8Array(bytes)));
      },
    };
  }
}

/** The payload that appends `line`. */
export function line(text: string): Uint8Array {
  return encoder.encode(text);
}
