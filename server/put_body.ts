/**
 * The body of a PUT, `{"value": …}`, as what the store keeps.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";
import type { ValueEncoding } from "@raftkv/core/kv";
import { exactJsonOf } from "./exact_json.ts";
import { compactMember } from "./json_text.ts";

/** A value in the form in which the store keeps it. */
export interface StoredValue {
  /** Its bytes. */
  readonly value: Uint8Array;
  /** What the bytes are. */
  readonly encoding: ValueEncoding;
}

/**
 * Reads the body. A string is kept as its text; any other JSON as its own text without the white
 * space between tokens, so that numbers too long or too large for a double come back as they came.
 *
 * @throws {KvFailure} `invalid_json`, `invalid_body` or `value_too_large`
 */
export function parsePutBody(text: string): StoredValue {
  // Before the parser: it would build a million nested arrays before anyone could refuse them.
  const json = compactMember(text, VALUE_DEPTH_MAX);
  if (json === null) {
    throw new KvFailure("invalid_body", `The value nests deeper than ${VALUE_DEPTH_MAX} levels.`);
  }
  const value = valueOf(parseJson(text));
  // Half a surrogate pair is legal in JSON but not in UTF-8: it survives as the escape it came as.
  const isText = typeof value === "string" && value.isWellFormed();
  const bytes = encoder.encode(isText ? value : json);
  if (bytes.length > LIMITS.valueBytesMax) throw new KvFailure("value_too_large");
  return { value: bytes, encoding: isText ? "text" : "json" };
}

/**
 * Bytes as they came.
 *
 * @throws {KvFailure} `value_too_large`
 */
export function parseRawBody(value: Uint8Array): StoredValue {
  if (value.length > LIMITS.valueBytesMax) throw new KvFailure("value_too_large");
  return { value, encoding: "bytes" };
}

/**
 * A value within a larger body, as the store keeps it.
 *
 * @param value From `parseExactJson`.
 * @throws {KvFailure} `invalid_body` or `value_too_large`
 */
export function storedValueOf(
  value: unknown,
  options: { readonly path: string; readonly isBase64: boolean },
): StoredValue {
  const { path, isBase64 } = options;
  const stored = isBase64 ? bytesValueOf(value, path) : jsonValueOf(value, path);
  if (stored.value.length > LIMITS.valueBytesMax) throw new KvFailure("value_too_large");
  return stored;
}

function bytesValueOf(value: unknown, path: string): StoredValue {
  try {
    if (typeof value === "string") {
      return { value: Uint8Array.fromBase64(value), encoding: "bytes" };
    }
  } catch {
    // Falls through: it is no more base64 than a number is.
  }
  throw new KvFailure("invalid_body", `The field ${path} is not base64.`);
}

function jsonValueOf(value: unknown, path: string): StoredValue {
  if (typeof value === "string" && value.isWellFormed()) {
    return { value: encoder.encode(value), encoding: "text" };
  }
  const json = value === undefined ? undefined : exactJsonOf(value, VALUE_DEPTH_MAX);
  if (json === undefined) throw new KvFailure("invalid_body", `The field ${path} is missing.`);
  if (json !== null) return { value: encoder.encode(json), encoding: "json" };
  throw new KvFailure(
    "invalid_body",
    `The field ${path} nests deeper than ${VALUE_DEPTH_MAX} levels.`,
  );
}

/** How deep arrays and objects of a value may lie in each other. */
export const VALUE_DEPTH_MAX = 100;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KvFailure("invalid_json");
  }
}

function valueOf(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new KvFailure("invalid_body", 'The body is not an object of the form {"value": …}.');
  }
  const fields = new Map<string, unknown>(Object.entries(body));
  if (!fields.has("value")) throw new KvFailure("invalid_body", 'The body has no field "value".');
  if (fields.size > 1) {
    throw new KvFailure("invalid_body", 'The body has another field than "value".');
  }
  return fields.get("value");
}

const encoder = new TextEncoder();
