/**
 * The frames of one client on their way in: read one after the other, a large one by slices, so that
 * no frame holds up other clients.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { JsonInput, SLICE_UNITS } from "../json_input.ts";

/** What is told of frames, in the order in which they came. */
export interface IncomingHandlers {
  /** A frame was read. */
  readonly onFrame: (input: JsonInput, sizeUnits: number) => void;
  /** A frame could not be read. */
  readonly onUnreadable: (thrown: unknown) => void;
}

/** A frame that is being read. */
interface Reading {
  readonly input: JsonInput;
  readonly sizeUnits: number;
}

/** What a frame that waits takes, however little is in it, and what it costs to read. */
const FRAME_UNITS = 128;

/** Reads the frames of one client. */
export class Incoming {
  readonly #handlers: IncomingHandlers;
  #waiting: string[] = [];
  /** Of those that wait, how many have been read: to take each off the front would move the rest. */
  #readCount = 0;
  #waitingUnits = 0;
  #reading: Reading | null = null;
  /** Whether the next turn goes on. */
  #isScheduled = false;

  constructor(handlers: IncomingHandlers) {
    this.#handlers = handlers;
  }

  /** Characters of frames that have to wait for one that is being read, and some for each frame. */
  get waitingUnits(): number {
    return this.#waitingUnits;
  }

  /** Takes a frame. */
  push(text: string): void {
    this.#waiting.push(text);
    this.#waitingUnits += text.length + FRAME_UNITS;
    if (!this.#isScheduled) this.#readOn();
  }

  /** Lets go of what has not been read. */
  end(): void {
    this.#waiting = [];
    this.#readCount = 0;
    this.#waitingUnits = 0;
    this.#reading = null;
  }

  /** Reads a slice: of one frame, or of as many small ones as take about as long. */
  readonly #readOn = (): void => {
    this.#isScheduled = false;
    for (let left = SLICE_UNITS; left > 0;) {
      this.#reading ??= this.#next();
      if (this.#reading === null) return;
      left -= this.#reading.sizeUnits + FRAME_UNITS;
      this.#readSlice(this.#reading);
    }
    this.#isScheduled = true;
    setImmediate(this.#readOn);
  };

  #readSlice(reading: Reading): void {
    try {
      if (!reading.input.readSlice()) return;
    } catch (thrown) {
      this.#reading = null;
      this.#handlers.onUnreadable(thrown);
      return;
    }
    this.#reading = null;
    this.#handlers.onFrame(reading.input, reading.sizeUnits);
  }

  #next(): Reading | null {
    const text = this.#waiting[this.#readCount];
    if (text === undefined) return null;
    this.#readCount++;
    this.#waitingUnits -= text.length + FRAME_UNITS;
    if (this.#readCount === this.#waiting.length) {
      this.#waiting = [];
      this.#readCount = 0;
    }
    return { input: new JsonInput(text), sizeUnits: text.length };
  }
}
