/**
 * JSON as text: what parsing to a value and writing it again would not keep.
 *
 * @module
 */

/**
 * Of the text of an object, the value of its last member, without the white space between tokens;
 * null if that value, or an earlier one, nests deeper than `depthMax`.
 *
 * Reads any text in linear time and in constant stack. The answer means something only if the text
 * turns out to be a JSON object; the depth holds for anything.
 */
export function compactMember(text: string, depthMax: number): string | null {
  let depth = 0;
  let compact = "";
  // Where the part that is not yet copied begins.
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = stringEnd(text, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        // The object itself is not counted.
        if (depth > depthMax) return null;
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        if (depth === 0) return compact + text.slice(from, at);
        break;
      case COLON:
        if (depth !== 1) break;
        compact = "";
        from = at + 1;
        break;
      case SPACE:
      case TAB:
      case LINE_FEED:
      case CARRIAGE_RETURN:
        if (from < at) compact += text.slice(from, at);
        from = at + 1;
        break;
    }
  }
  return compact;
}

/** The place of the quote that closes the string opened at `open`; past the end if none does. */
function stringEnd(text: string, open: number): number {
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
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
