/**
 * What becomes of JSON that came in: objects, arrays and scalars of the language, but for what these
 * would not give back as it was written. A value of the store is kept as the text it came as; only a
 * few parts belong to no value, and no more of them are made than any request may have.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { ExactNumber, JsonText } from "./exact_values.ts";
import type { JsonSink } from "./json_reader.ts";

/**
 * Most members and elements of one request, those within values aside. A transaction of the most
 * operations and comparisons has about half of them.
 */
export const REQUEST_PARTS_MAX = 4_096;

/** The member that is a value of the store. */
const VALUE = "value";

/** An array or object whose end has not come. */
interface Unfinished {
  readonly made: unknown[] | Record<string, unknown>;
  /** As what the next value belongs to it, if it is an object. */
  name: string;
}

/** Builds what a text says. */
export class JsonBuilder implements JsonSink {
  /** The whole; complete once the text is. */
  result: unknown;
  /** Objects that have more parts than a request may; they lack the rest. */
  readonly cut: Set<unknown> = new Set();
  readonly #text: string;
  readonly #unfinished: Unfinished[] = [];
  #partsLeft = REQUEST_PARTS_MAX;
  /** How many arrays and objects are open that are not made. */
  #passing = 0;
  /** Of a value that is passed over: where it begins, and how deep it nests. */
  #valueStart = NOWHERE;
  #valueDepth = 0;
  /** Of a string that came in parts: where its inside begins, and what there is of it. */
  #stringStart = NOWHERE;
  #parts = "";

  /** Takes the text whose tokens it will be told of. */
  constructor(text: string) {
    this.#text = text;
  }

  /** An array or object begins. */
  onOpen(isList: boolean, start: number): void {
    if (this.#passing > 0) {
      this.#passing++;
      if (this.#passing > this.#valueDepth) this.#valueDepth = this.#passing;
      return;
    }
    const isMade = this.#hasRoom();
    if (!isMade || this.#isValue) {
      this.#passing = 1;
      this.#valueDepth = 1;
      this.#valueStart = isMade ? start : NOWHERE;
      return;
    }
    const made = isList ? [] : {};
    this.#put(made);
    this.#unfinished.push({ made, name: "" });
  }

  /** The innermost array or object ends. */
  onClose(end: number): void {
    if (this.#passing === 0) {
      this.#unfinished.pop();
      return;
    }
    this.#passing--;
    if (this.#passing > 0 || this.#valueStart === NOWHERE) return;
    this.#put(new JsonText(this.#text.slice(this.#valueStart, end), this.#valueDepth));
  }

  /** A part of a string or name. */
  onPart(start: number, end: number): void {
    if (this.#passing > 0) return;
    if (this.#stringStart === NOWHERE) this.#stringStart = start;
    this.#parts += this.#decode(start, end);
  }

  /** The name of a member. */
  onName(start: number, end: number): void {
    const top = this.#unfinished.at(-1);
    if (this.#passing === 0 && top !== undefined) top.name = this.#stringTo(start, end);
  }

  /** A string. */
  onString(start: number, end: number): void {
    if (this.#passing > 0) return;
    const from = this.#stringStart === NOWHERE ? start : this.#stringStart;
    const text = this.#stringTo(start, end);
    if (!this.#hasRoom()) return;
    // Half a surrogate pair is legal in JSON but not in UTF-8: it survives as the escape it came as.
    const isExact = !this.#isValue || text.isWellFormed();
    this.#put(isExact ? text : new JsonText(this.#text.slice(from - 1, end + 1), 0));
  }

  /** A number. */
  onNumber(start: number, end: number): void {
    if (this.#passing > 0 || !this.#hasRoom()) return;
    const source = this.#text.slice(start, end);
    const number = Number(source);
    const isExact = this.#isValue
      ? String(number) === source
      : Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number));
    this.#put(isExact ? number : new ExactNumber(source));
  }

  /** A literal. */
  onLiteral(value: boolean | null): void {
    if (this.#passing === 0 && this.#hasRoom()) this.#put(value);
  }

  /** Whether what comes is a value of the store. */
  get #isValue(): boolean {
    const top = this.#unfinished.at(-1);
    return top !== undefined && top.name === VALUE;
  }

  /** The string or name whose last part ends at `end`. */
  #stringTo(start: number, end: number): string {
    const last = this.#decode(start, end);
    const whole = this.#parts === "" ? last : this.#parts + last;
    this.#parts = "";
    this.#stringStart = NOWHERE;
    return whole;
  }

  #decode(start: number, end: number): string {
    const inside = this.#text.slice(start, end);
    return inside.includes("\\") ? JSON.parse(`"${inside}"`) : inside;
  }

  /**
   * Counts one more part; whether it is to be made.
   *
   * @throws {KvFailure} `invalid_body` if the outermost array has more elements than that
   */
  #hasRoom(): boolean {
    const [outermost, inner] = this.#unfinished;
    if (outermost === undefined) return true;
    if (inner === undefined && Array.isArray(outermost.made)) {
      if (outermost.made.length === REQUEST_PARTS_MAX) {
        const message = `The body is a list of more than ${REQUEST_PARTS_MAX} elements.`;
        throw new KvFailure("invalid_body", message);
      }
      // Each of its elements is a request by itself.
      this.#partsLeft = REQUEST_PARTS_MAX;
      return true;
    }
    if (this.#partsLeft > 0) {
      this.#partsLeft--;
      return true;
    }
    this.cut.add(Array.isArray(outermost.made) ? inner?.made : outermost.made);
    return false;
  }

  /** Gives a value its place. */
  #put(value: unknown): void {
    const top = this.#unfinished.at(-1);
    if (top === undefined) {
      this.result = value;
      return;
    }
    const { made, name } = top;
    if (Array.isArray(made)) made.push(value);
    // A name that would set the prototype is a name like any other.
    else if (name !== "__proto__") made[name] = value;
    else Object.defineProperty(made, name, { value, enumerable: true, configurable: true });
  }
}

/** The start of what is passed over for want of room, and of no string. */
const NOWHERE = -1;
