/**
 * JSON as text: what parsing to a value and writing it again would not keep. Everything here reads
 * any text in linear time and in constant stack; what it says of a text that is not JSON means
 * nothing, but for the depth.
 *
 * @module
 */

/** Whether arrays and objects lie deeper in each other than `depthMax`, the outermost counted. */
export function nestsDeeperThan(text: string, depthMax: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = stringEnd(text, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > depthMax) return true;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        break;
    }
  }
  return false;
}

/**
 * Of the text of an object, the text of its last member of this name, without the white space between
 * tokens; undefined if it has none.
 */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined;
  for (const { start, colon, end } of partsOf(text)) {
    if (colon === null || nameIn(text.slice(start, colon)) !== name) continue;
    found = compactText(text.slice(colon + 1, end));
  }
  return found;
}

/** The texts of the elements of an array. */
export function elementTexts(text: string): string[] {
  return [...partsOf(text)].map(({ start, end }) => text.slice(start, end));
}

interface Part {
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
  /** Where its name ends, if it is a member of an object. */
  readonly colon: number | null;
}

/** What stands between the commas of the outermost array or object. */
function* partsOf(text: string): Generator<Part> {
  let depth = 0;
  let start = 0;
  let colon: number | null = null;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (depth++ === 0) start = at + 1;
    } else if (code === COLON && depth === 1) {
      colon ??= at;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET || code === COMMA) {
      if (code !== COMMA) depth--;
      const isEnd = code === COMMA ? depth === 1 : depth === 0;
      if (!isEnd) continue;
      yield { start, end: at, colon };
      start = at + 1;
      colon = null;
    }
  }
}

/** What a member is called; undefined if it is no string. */
function nameIn(token: string): unknown {
  try {
    return JSON.parse(token);
  } catch {
    return undefined;
  }
}

/** The text without the white space between its tokens. */
export function compactText(text: string): string {
  let compact = "";
  // Where the part that is not yet copied begins.
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = stringEnd(text, at);
        break;
      case SPACE:
      case TAB:
      case LINE_FEED:
      case CARRIAGE_RETURN:
        compact += text.slice(from, at);
        from = at + 1;
        break;
    }
  }
  return compact + text.slice(from);
}

/** The place of the quote that closes the string opened at `open`; past the end if none does. */
export function stringEnd(text: string, open: number): number {
  let close = open;
  do {
    close = text.indexOf('"', close + 1);
    if (close < 0) return text.length;
  } while (isEscaped(text, close));
  return close;
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
