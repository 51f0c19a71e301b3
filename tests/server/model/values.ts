// Keys, values and JSON as the model of the interface has them: texts, as they are sent and shown.

/** A value: what is sent, what is shown, and what it is compared by. */
export interface Value {
  /** The members of a body that say it. */
  readonly sent: string;
  /** The members of an answer that show it. */
  readonly shown: string;
  /** What is kept. */
  readonly bytes: Uint8Array;
  /** Its digits, if it is a whole number as JSON. */
  readonly integer: bigint | null;
}

const encoder = new TextEncoder();

/** A string, which is kept as its text. */
export function textValue(text: string): Value {
  const json = JSON.stringify(text);
  return {
    sent: `"value":${json}`,
    shown: `"value":${json}`,
    bytes: encoder.encode(text),
    integer: null,
  };
}

/** Any other JSON, which is kept as it is but for white space. */
export function jsonValue(sent: string, kept = sent): Value {
  return {
    sent: `"value":${sent}`,
    shown: `"value":${kept}`,
    bytes: encoder.encode(kept),
    integer: /^(?:0|-?[1-9]\d*)$/.test(kept) ? BigInt(kept) : null,
  };
}

/** Bytes, in base64. */
export function bytesValue(bytes: Uint8Array): Value {
  const json = `"value":"${bytes.toBase64()}","encoding":"base64"`;
  return { sent: json, shown: json, bytes, integer: null };
}

/** A text by whose order its UTF-8 goes. */
export function inBytes(text: string): string {
  return String.fromCharCode(...encoder.encode(text));
}

/** For sorting keys by their bytes. */
export function byBytes(a: string, b: string): number {
  return inBytes(a) < inBytes(b) ? -1 : inBytes(a) > inBytes(b) ? 1 : 0;
}

/** Which keys are meant. */
export type Range =
  | { readonly key: string }
  | { readonly prefix: string }
  | { readonly start?: string; readonly end?: string };

/** Whether a range has a key. */
export function isIn(range: Range, key: string): boolean {
  if ("key" in range) return key === range.key;
  if ("prefix" in range) return inBytes(key).startsWith(inBytes(range.prefix));
  const { start = "", end } = range;
  return byBytes(key, start) >= 0 && (end === undefined || byBytes(key, end) < 0);
}

/** Whether two ranges have a key in common that anyone could write. */
export function overlap(a: Range, b: Range): boolean {
  const [aFrom, aTo] = boundsOf(a);
  const [bFrom, bTo] = boundsOf(b);
  return aFrom < bTo && bFrom < aTo;
}

/** Behind every key. */
const LAST = "\u0100";

/** The first byte text of a range, and the first behind it. */
export function boundsOf(range: Range): readonly [from: string, to: string] {
  if ("key" in range) return [inBytes(range.key), `${inBytes(range.key)}\0`];
  if (!("prefix" in range)) {
    return [inBytes(range.start ?? ""), range.end === undefined ? LAST : inBytes(range.end)];
  }
  const prefix = inBytes(range.prefix);
  if (prefix === "") return ["", LAST];
  // No UTF-8 ends with the last of all bytes.
  const next = String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  return [prefix, `${prefix.slice(0, -1)}${next}`];
}
