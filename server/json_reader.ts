/**
 * Goes through JSON that came in, as far as it may at a time, checks it (RFC 8259), and tells what
 * it comes to. It needs neither a call stack nor memory in proportion to what it reads.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { insideEnd, NO_NUMBER, numberEnd, spaceEnd } from "./json_scan.ts";

/** How deep arrays and objects of a body may lie in each other. */
export const BODY_DEPTH_MAX = 200;

/** Is told of tokens by their places in the text, in their order. */
export interface JsonSink {
  /** An array or object begins. */
  onOpen(isList: boolean, start: number): void;
  /** The innermost array or object ends before `end`. */
  onClose(end: number): void;
  /** A part of a string or name, of which more comes. Nowhere is an escape cut. */
  onPart(start: number, end: number): void;
  /** The name of the member that comes next, or what is left of it, without quotes. */
  onName(start: number, end: number): void;
  /** A string, or what is left of it, without quotes. */
  onString(start: number, end: number): void;
  /** A number. */
  onNumber(start: number, end: number): void;
  /** `true`, `false` or `null`. */
  onLiteral(value: boolean | null): void;
}

/** What may come next. */
type Expected =
  | "value"
  | "valueOrEnd"
  | "name"
  | "nameOrEnd"
  | "colon"
  | "commaOrEnd"
  | "nothing"
  | "restOfString"
  | "restOfName";

/** Reads one text. */
export class JsonReader {
  readonly #text: string;
  readonly #sink: JsonSink;
  /** Of each array or object that is open, whether it is an array. */
  readonly #open: boolean[] = [];
  #at = 0;
  /** Where this call is to stop. */
  #until = 0;
  #expected: Expected = "value";

  /** Begins before the first token. */
  constructor(text: string, sink: JsonSink) {
    this.#text = text;
    this.#sink = sink;
  }

  /**
   * Goes on until the end, or for `units` characters and then to the end of a number or literal.
   *
   * @returns Whether the end was reached.
   * @throws {KvFailure} `invalid_json`, or `invalid_body` if it nests too deep
   */
  read(units: number): boolean {
    this.#until = this.#at + units;
    while (this.#at < this.#until) {
      if (this.#expected === "restOfString" || this.#expected === "restOfName") {
        this.#onInside(this.#expected === "restOfName");
        continue;
      }
      this.#at = spaceEnd(this.#text, { from: this.#at, until: this.#until });
      if (this.#at === this.#until) break;
      if (this.#at === this.#text.length && this.#expected === "nothing") return true;
      this.#onToken(this.#text.charCodeAt(this.#at));
    }
    return this.#at >= this.#text.length && this.#expected === "nothing";
  }

  #onToken(code: number): void {
    switch (this.#expected) {
      case "value":
        return this.#onValue(code);
      case "valueOrEnd":
        return code === CLOSE_BRACKET ? this.#close() : this.#onValue(code);
      case "name":
        return this.#onName(code);
      case "nameOrEnd":
        return code === CLOSE_BRACE ? this.#close() : this.#onName(code);
      case "colon":
        if (code !== COLON) return this.#fail();
        this.#at++;
        this.#expected = "value";
        return;
      case "commaOrEnd":
        return this.#onCommaOrEnd(code);
      default:
        return this.#fail();
    }
  }

  #onValue(code: number): void {
    switch (code) {
      case OPEN_BRACE:
        return this.#begin(false);
      case OPEN_BRACKET:
        return this.#begin(true);
      case QUOTE:
        this.#at++;
        return this.#onInside(false);
      case LOWER_T:
        return this.#onLiteral("true", true);
      case LOWER_F:
        return this.#onLiteral("false", false);
      case LOWER_N:
        return this.#onLiteral("null", null);
      default:
        return this.#onNumber();
    }
  }

  #onNumber(): void {
    const start = this.#at;
    const end = numberEnd(this.#text, start);
    if (end === NO_NUMBER) return this.#fail();
    this.#at = end;
    this.#sink.onNumber(start, end);
    this.#afterValue();
  }

  /** Within a string or name, behind its first quote: goes on to the last one, if it comes so far. */
  #onInside(isName: boolean): void {
    const start = this.#at;
    this.#at = insideEnd(this.#text, { from: start, until: this.#until });
    const end = this.#at;
    if (this.#text.charCodeAt(end) !== QUOTE) {
      if (end < this.#until) return this.#fail();
      this.#sink.onPart(start, end);
      this.#expected = isName ? "restOfName" : "restOfString";
      return;
    }
    this.#at++;
    if (isName) {
      this.#sink.onName(start, end);
      this.#expected = "colon";
    } else {
      this.#sink.onString(start, end);
      this.#afterValue();
    }
  }

  #begin(isList: boolean): void {
    if (this.#open.length === BODY_DEPTH_MAX) {
      const message = `The body nests deeper than ${BODY_DEPTH_MAX} levels.`;
      throw new KvFailure("invalid_body", message);
    }
    this.#open.push(isList);
    this.#sink.onOpen(isList, this.#at++);
    this.#expected = isList ? "valueOrEnd" : "nameOrEnd";
  }

  #close(): void {
    this.#open.pop();
    this.#sink.onClose(++this.#at);
    this.#afterValue();
  }

  #onName(code: number): void {
    if (code !== QUOTE) return this.#fail();
    this.#at++;
    this.#onInside(true);
  }

  #onLiteral(word: string, value: boolean | null): void {
    if (!this.#text.startsWith(word, this.#at)) return this.#fail();
    this.#at += word.length;
    this.#sink.onLiteral(value);
    this.#afterValue();
  }

  #onCommaOrEnd(code: number): void {
    const isList = this.#open.at(-1) === true;
    if (code === (isList ? CLOSE_BRACKET : CLOSE_BRACE)) return this.#close();
    if (code !== COMMA) return this.#fail();
    this.#at++;
    this.#expected = isList ? "value" : "name";
  }

  #afterValue(): void {
    this.#expected = this.#open.length === 0 ? "nothing" : "commaOrEnd";
  }

  #fail(): never {
    const place = this.#at < this.#text.length ? `at character ${this.#at + 1}` : "at its end";
    throw new KvFailure("invalid_json", `The body is not JSON ${place}.`);
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
