/**
 * All that happened in a simulation: as one number, to which two runs of one seed must come; as the
 * last events, for whoever has to find out why; and as lines, for whoever asks.
 *
 * @module
 */

import { decodeMessage } from "@raftkv/core/codec";
import type { NodeId } from "@raftkv/core/raft";
import type { EventQueue } from "./event_queue.ts";
import { describeMessage } from "./describe_message.ts";

/** How many of the last events are kept. */
const KEPT_EVENTS = 200;

/** A message as it leaves a node. */
export interface TracedMessage {
  /** Its sender. */
  readonly from: NodeId;
  /** Its receiver. */
  readonly to: NodeId;
  /** The encoded message. */
  readonly bytes: Uint8Array;
}

interface Event {
  readonly atMs: number;
  readonly what: TracedMessage | string;
}

/** A running FNV-1a hash over everything that nodes sent and clients were told, with its time. */
export class Trace {
  readonly #queue: EventQueue;
  #hash = 0x811c9dc5;
  #count = 0;
  readonly #last: Event[] = [];
  readonly #time = new Float64Array(1);
  readonly #timeWords = new Uint32Array(this.#time.buffer);
  /** Takes each event as a line, if anyone wants them. */
  onLine: ((line: string) => void) | null = null;

  /** Begins with nothing, by the clock of `queue`. */
  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /** The number so far, as text. */
  get digest(): string {
    return `${this.#count}-${this.#hash.toString(16).padStart(8, "0")}`;
  }

  /** How many events there were. */
  get count(): number {
    return this.#count;
  }

  /** The last events, oldest first, a line each. */
  get lastLines(): string[] {
    const start = this.#count % KEPT_EVENTS;
    const events = [...this.#last.slice(start), ...this.#last.slice(0, start)];
    return events.map(lineOf);
  }

  /** Something happened. */
  note(what: string): void {
    for (let at = 0; at < what.length; at++) this.#mix(what.charCodeAt(at));
    this.#keep(what);
  }

  /** A node sends a message. */
  message(message: TracedMessage): void {
    const { from, to, bytes } = message;
    for (let at = 0; at < from.length; at++) this.#mix(from.charCodeAt(at));
    for (let at = 0; at < to.length; at++) this.#mix(to.charCodeAt(at));
    this.#mixAll(bytes);
    this.#keep(message);
  }

  #keep(what: Event["what"]): void {
    const event = { atMs: this.#queue.nowMs, what };
    this.#time[0] = event.atMs;
    this.#mix(this.#timeWords[0]!);
    this.#mix(this.#timeWords[1]!);
    this.#last[this.#count % KEPT_EVENTS] = event;
    this.#count++;
    this.onLine?.(lineOf(event));
  }

  /** Four bytes at a time: this walks over everything that is ever sent. */
  #mixAll(bytes: Uint8Array): void {
    const { length } = bytes;
    let hash = this.#hash;
    let at = 0;
    for (; at + 4 <= length; at += 4) {
      const word = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
      hash = Math.imul(hash ^ word, 0x01000193);
      hash = hash << 13 | hash >>> 19;
    }
    this.#hash = hash >>> 0;
    for (; at < length; at++) this.#mix(bytes[at]!);
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193) >>> 0;
  }
}

function lineOf({ atMs, what }: Event): string {
  const time = (atMs / 1_000).toFixed(6).padStart(12);
  if (typeof what === "string") return `${time}  ${what}`;
  const { from, to, bytes } = what;
  const message = decodeMessage(bytes);
  const text = message.type === "malformed" ? message.reason : describeMessage(message);
  return `${time}  ${from} > ${to}  ${text}`;
}
