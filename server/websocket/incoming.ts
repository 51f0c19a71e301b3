/**
 * The frames of one client on their way in: read one after the other, a large one by slices, so that
 * no frame holds up other clients.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { JsonInput } from "../json_input.ts";

/** What is told of frames, in the order in which they came. */
export interface IncomingHandlers {
  /** A frame was read. */
  readonly onFrame: (input: JsonInput, sizeUnits: number) => void;
  /** A frame could not be read. */
  readonly onUnreadable: (thrown: unknown) => void;
}

/** Reads the frames of one client. */
export class Incoming {
  readonly #handlers: IncomingHandlers;
  readonly #waiting: string[] = [];
  #waitingUnits = 0;
  #isReading = false;

  constructor(handlers: IncomingHandlers) {
    this.#handlers = handlers;
  }

  /** Characters of frames that have to wait for one that is being read. */
  get waitingUnits(): number {
    return this.#waitingUnits;
  }

  /** Takes a frame. */
  push(text: string): void {
    if (!this.#isReading) return this.#read(text);
    this.#waiting.push(text);
    this.#waitingUnits += text.length;
  }

  /** Lets go of what has not been read. */
  end(): void {
    this.#waiting.length = 0;
    this.#waitingUnits = 0;
  }

  #read(text: string): void {
    this.#isReading = true;
    const input = new JsonInput(text);
    const readOn = () => {
      if (this.#readSlice(input, text)) this.#next();
      else setImmediate(readOn);
    };
    readOn();
  }

  /** Whether the frame is done with. */
  #readSlice(input: JsonInput, text: string): boolean {
    try {
      if (!input.readSlice()) return false;
    } catch (thrown) {
      this.#handlers.onUnreadable(thrown);
      return true;
    }
    this.#handlers.onFrame(input, text.length);
    return true;
  }

  #next(): void {
    this.#isReading = false;
    const text = this.#waiting.shift();
    if (text === undefined) return;
    this.#waitingUnits -= text.length;
    this.#read(text);
  }
}
