/**
 * A second look at a text that is JSON: at what the platform's parser would not give back as it was
 * written. That parser can tell the text of each number, too, but takes a hundred times as long when
 * it is asked to: a body of the largest size would hold up everyone for seconds.
 *
 * @module
 */

import { ExactNumber, JsonText } from "./exact_values.ts";
import { compactText, stringEnd } from "./json_text.ts";

/**
 * The value of a text with every digit of its numbers. Lists and objects under the name `value` are
 * not looked into: they are kept as their texts.
 *
 * @param text JSON that nests no deeper than a call stack.
 */
export function parseExactly(text: string): unknown {
  return new ExactParser(text).parse();
}

class ExactParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): unknown {
    this.#skipSpace();
    switch (this.#code) {
      case OPEN_BRACE:
        return this.#object();
      case OPEN_BRACKET:
        return this.#list();
      case QUOTE:
        return this.#string();
      case LOWER_T:
        return this.#literal("true", true);
      case LOWER_F:
        return this.#literal("false", false);
      case LOWER_N:
        return this.#literal("null", null);
      default:
        return this.#number();
    }
  }

  get #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    for (this.#skipSpace(); this.#code !== CLOSE_BRACE; this.#skipComma()) {
      const name = this.#string();
      this.#skipSpace();
      this.#at++;
      const value = name === "value" ? this.#memberValue() : this.parse();
      // A name that would set the prototype is a name like any other.
      if (name !== "__proto__") object[name] = value;
      else Object.defineProperty(object, name, { value, enumerable: true, configurable: true });
    }
    this.#at++;
    return object;
  }

  #memberValue(): unknown {
    this.#skipSpace();
    const code = this.#code;
    if (code !== OPEN_BRACE && code !== OPEN_BRACKET) return this.parse();
    const start = this.#at;
    let depth = 0;
    do {
      switch (this.#code) {
        case QUOTE:
          this.#at = stringEnd(this.#text, this.#at);
          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          depth++;
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          depth--;
          break;
      }
      this.#at++;
    } while (depth > 0);
    return new JsonText(compactText(this.#text.slice(start, this.#at)));
  }

  #list(): unknown[] {
    const list: unknown[] = [];
    this.#at++;
    for (this.#skipSpace(); this.#code !== CLOSE_BRACKET; this.#skipComma()) {
      list.push(this.parse());
    }
    this.#at++;
    return list;
  }

  #string(): string {
    const start = this.#at;
    this.#at = stringEnd(this.#text, start) + 1;
    const inside = this.#text.slice(start + 1, this.#at - 1);
    return inside.includes("\\") ? JSON.parse(this.#text.slice(start, this.#at)) : inside;
  }

  #number(): number | ExactNumber {
    const start = this.#at;
    while (isOfNumber(this.#code)) this.#at++;
    const source = this.#text.slice(start, this.#at);
    const number = Number(source);
    return String(number) === source ? number : new ExactNumber(source);
  }

  #literal<T>(text: string, value: T): T {
    this.#at += text.length;
    return value;
  }

  #skipComma(): void {
    this.#skipSpace();
    if (this.#code !== COMMA) return;
    this.#at++;
    this.#skipSpace();
  }

  #skipSpace(): void {
    while (this.#code <= SPACE) this.#at++;
  }
}

/** Digits, signs, a point and exponents: in JSON, all these stand together in numbers alone. */
function isOfNumber(code: number): boolean {
  return (code >= DIGIT_0 && code <= DIGIT_9) || code === MINUS || code === PLUS ||
    code === POINT || code === LOWER_E || code === UPPER_E;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const UPPER_E = 0x45;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_E = 0x65;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
