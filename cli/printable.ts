/**
 * Keys and values as one line of text for people.
 *
 * @module
 */

import type { Json } from "@raftkv/core/api";

/**
 * Text as it is, unless it has control characters: those would break the line or, as escape
 * sequences, steer the reader's terminal; such text is shown as a JSON string.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- finding control characters is what this is for
  if (!/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(text)) return text;
  return printableJson(text);
}

/** JSON text in one line, without what would steer the reader's terminal. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value in one line: text as text, anything else as JSON. */
export function printableValue(value: Json): string {
  return typeof value === "string" ? printable(value) : printableJson(value);
}

/** `key = value`. */
export function printablePair({ key, value }: { key: string; value: Json }): string {
  return `${printable(key)} = ${printableValue(value)}`;
}
