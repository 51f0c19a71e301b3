/**
 * Virtual time: a queue of what is to happen, ordered by time and, within one moment, by the order
 * of scheduling. Nothing else in a simulation decides what comes first.
 *
 * @module
 */

import { invariant } from "@raftkv/core";

/** So many events in one moment are a circle of events that cause each other. */
const SAME_MOMENT_MAX = 1_000_000;

interface Event {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** A binary heap of events and the clock they move. */
export class EventQueue {
  #heap: Event[] = [];
  #sequence = 0;
  #nowMs = 0;
  #sameMoment = 0;

  /**
   * Whether an event has begun or ended something asynchronous: whoever runs the events must let the
   * event loop turn before the next one, so that all that follows from it has happened.
   */
  owesTurn = false;

  /** The time of the last event that ran, in milliseconds. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** The time of the next event; Infinity if there is none. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Infinity;
  }

  /** Schedules `run` in `delayMs` from now. */
  after(delayMs: number, run: () => void): void {
    this.#push({
      atMs: this.#nowMs + Math.max(0, delayMs),
      sequence: this.#sequence++,
      run,
    });
  }

  /** Runs the next event; returns false if there is none. */
  step(): boolean {
    const event = this.#pop();
    if (event === undefined) return false;
    if (event.atMs > this.#nowMs) this.#sameMoment = 0;
    invariant(++this.#sameMoment < SAME_MOMENT_MAX, "time goes on", () => event.atMs);
    this.#nowMs = event.atMs;
    event.run();
    return true;
  }

  /** Lets time pass without an event. */
  advanceTo(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, Math.min(atMs, this.nextMs));
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) {
      return first;
    }
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length &&
        isBefore(heap[child + 1] as Event, heap[child] as Event)
      ) {
        child++;
      }
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.sequence < b.sequence;
}
