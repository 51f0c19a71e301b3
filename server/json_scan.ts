/**
 * The single tokens of JSON (RFC 8259) as places in a text.
 *
 * @module
 */

/** What {@linkcode numberEnd} returns where no number stands. */
export const NO_NUMBER = -1;

/** Where to begin, and where to stop looking. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** The first place where no white space stands; at most `until`. */
export function spaceEnd(text: string, { from, until }: Span): number {
  let at = from;
  for (; at < until; at++) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) break;
  }
  return at;
}

/**
 * The first place of the inside of a string where a quote stands, or what no string has inside. It
 * stops at `until` if it comes there, or within an escape behind it, never in the middle of one.
 */
export function insideEnd(text: string, { from, until }: Span): number {
  let at = from;
  while (at < until) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) {
      const size = escapeSize(text, at);
      if (size === 0) return at;
      at += size;
    } else if (code >= SPACE && code !== QUOTE) at++;
    // A control character, or no character at all: the text has ended.
    else return at;
  }
  return at;
}

/** How many characters the escape at `at` has; 0 if it is none. */
function escapeSize(text: string, at: number): number {
  switch (text.charCodeAt(at + 1)) {
    case QUOTE:
    case BACKSLASH:
    case SLASH:
    case LOWER_B:
    case LOWER_F:
    case LOWER_N:
    case LOWER_R:
    case LOWER_T:
      return 2;
    case LOWER_U:
      for (let digit = at + 2; digit < at + 6; digit++) {
        if (!isHexDigit(text.charCodeAt(digit))) return 0;
      }
      return 6;
    default:
      return 0;
  }
}

/** The place behind the number that begins at `at`; {@linkcode NO_NUMBER} if it is none. */
export function numberEnd(text: string, at: number): number {
  if (text.charCodeAt(at) === MINUS) at++;
  const isZero = text.charCodeAt(at) === DIGIT_0;
  at = isZero ? at + 1 : digitsEnd(text, at);
  if (at !== NO_NUMBER && text.charCodeAt(at) === POINT) at = digitsEnd(text, at + 1);
  if (at === NO_NUMBER || (text.charCodeAt(at) | LOWER_CASE) !== LOWER_E) return at;
  const sign = text.charCodeAt(at + 1);
  return digitsEnd(text, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
}

/** The place behind one digit or more. */
function digitsEnd(text: string, at: number): number {
  const start = at;
  while (isDigit(text.charCodeAt(at))) at++;
  return at === start ? NO_NUMBER : at;
}

function isDigit(code: number): boolean {
  return code >= DIGIT_0 && code <= DIGIT_9;
}

function isHexDigit(code: number): boolean {
  const lower = code | LOWER_CASE;
  return isDigit(code) || (lower >= LOWER_A && lower <= LOWER_F);
}

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
const SLASH = 0x2f;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const BACKSLASH = 0x5c;
const LOWER_A = 0x61;
const LOWER_B = 0x62;
const LOWER_E = 0x65;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_R = 0x72;
const LOWER_T = 0x74;
const LOWER_U = 0x75;
