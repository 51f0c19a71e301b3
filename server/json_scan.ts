/**
 * The single tokens of JSON (RFC 8259) as places in a text.
 *
 * @module
 */

/** What {@linkcode stringEnd} and {@linkcode numberEnd} return where no token stands. */
export const NO_TOKEN = -1;

/** The first place from `at` on where no white space stands. */
export function spaceEnd(text: string, at: number): number {
  for (;; at++) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) return at;
  }
}

/** The place behind the string that is opened at `at`; {@linkcode NO_TOKEN} if it is none. */
export function stringEnd(text: string, at: number): number {
  for (at++;; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) {
      at = escapeEnd(text, at);
      if (at === NO_TOKEN) return NO_TOKEN;
    } else if (!(code >= SPACE)) {
      // A control character, or no character at all: the text has ended.
      return NO_TOKEN;
    }
  }
}

/** The last place of the escape that begins at `at`. */
function escapeEnd(text: string, at: number): number {
  const code = text.charCodeAt(at + 1);
  if (code !== LOWER_U) return ESCAPES.has(code) ? at + 1 : NO_TOKEN;
  for (let digit = at + 2; digit < at + 6; digit++) {
    if (!isHexDigit(text.charCodeAt(digit))) return NO_TOKEN;
  }
  return at + 5;
}

/** The place behind the number that begins at `at`; {@linkcode NO_TOKEN} if it is none. */
export function numberEnd(text: string, at: number): number {
  if (text.charCodeAt(at) === MINUS) at++;
  const isZero = text.charCodeAt(at) === DIGIT_0;
  at = isZero ? at + 1 : digitsEnd(text, at);
  if (at !== NO_TOKEN && text.charCodeAt(at) === POINT) at = digitsEnd(text, at + 1);
  if (at === NO_TOKEN || (text.charCodeAt(at) | LOWER_CASE) !== LOWER_E) return at;
  const sign = text.charCodeAt(at + 1);
  return digitsEnd(text, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
}

/** The place behind one digit or more. */
function digitsEnd(text: string, at: number): number {
  const start = at;
  while (isDigit(text.charCodeAt(at))) at++;
  return at === start ? NO_TOKEN : at;
}

function isDigit(code: number): boolean {
  return code >= DIGIT_0 && code <= DIGIT_9;
}

function isHexDigit(code: number): boolean {
  const lower = code | LOWER_CASE;
  return isDigit(code) || (lower >= LOWER_A && lower <= LOWER_F);
}

const ESCAPES: ReadonlySet<number> = new Set(
  [...'"\\/bfnrt'].map((character) => character.charCodeAt(0)),
);
/** Makes a capital letter of ASCII a small one. */
const LOWER_CASE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const BACKSLASH = 0x5c;
const LOWER_A = 0x61;
const LOWER_E = 0x65;
const LOWER_F = 0x66;
const LOWER_U = 0x75;
