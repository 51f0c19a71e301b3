/**
 * Values as programs hold them: any JSON, or bytes.
 *
 * @module
 */

import type { Json, KeyValueJson } from "@raftkv/core/api";

/** What can be stored under a key. */
export type Value = Json | Uint8Array;

/** The fields in which a value travels within a message. */
export type ValueFields =
  | { readonly value: Json }
  | { readonly value: string; readonly encoding: "base64" };

/**
 * The fields of a value.
 *
 * @throws {TypeError} if JSON cannot express it
 */
export function valueFields(value: Value): ValueFields {
  if (value instanceof Uint8Array) return { value: base64Of(value), encoding: "base64" };
  if (JSON.stringify(value) === undefined) {
    throw new TypeError(`Cannot store a value: JSON has no ${typeof value}`);
  }
  return { value };
}

/**
 * The bytes of a stored value: as they were put, or the UTF-8 of a text, or of the JSON text of
 * anything else.
 */
export function bytesOf({ value, encoding }: Pick<KeyValueJson, "value" | "encoding">): Uint8Array {
  if (encoding === "base64" && typeof value === "string") {
    return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
  }
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** Not by `toBase64`, which Node 20 does not have. */
function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
