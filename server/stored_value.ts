/**
 * Values as clients send them, and as the store keeps them.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { ByteSlab } from "@raftkv/core/codec";
import type { FailureCode } from "@raftkv/core/api";
import type { ValueEncoding } from "@raftkv/core/kv";
import { storedJsonOf } from "./stored_json.ts";

/** A value in the form in which the store keeps it. */
export interface StoredValue {
  /** Its bytes. */
  readonly value: Uint8Array;
  /** What the bytes are. */
  readonly encoding: ValueEncoding;
}

/** Why a value cannot be kept. */
export interface ValueFault {
  /** The failure's code; that of the place where the value stands, if not given. */
  readonly code?: FailureCode;
  /** What a value has to be. */
  readonly rule: string;
}

/** How deep arrays and objects of a value may lie in each other. */
export const VALUE_DEPTH_MAX = 100;

/**
 * What the store keeps of a value. A string is kept as its text; any other JSON as its own text
 * without the white space between tokens, so that numbers too long or too large for a double come
 * back as they came; bytes as they are.
 *
 * @param given A value with exact numbers, or bytes; undefined if there is none.
 */
export function storedValueOf(
  given: unknown,
  options: { readonly isBase64: boolean },
): StoredValue | ValueFault {
  const stored = given === undefined
    ? { rule: "is missing" }
    : given instanceof Uint8Array
    ? { value: given, encoding: "bytes" as const }
    : options.isBase64
    ? bytesOf(given)
    : jsonOf(given);
  if ("rule" in stored || stored.value.length <= LIMITS.valueBytesMax) return stored;
  return { code: "value_too_large", rule: "is larger than 1,048,576 bytes" };
}

function bytesOf(given: unknown): StoredValue | ValueFault {
  try {
    if (typeof given === "string") {
      return { value: Uint8Array.fromBase64(given), encoding: "bytes" };
    }
  } catch {
    // Falls through: it is no more base64 than a number is.
  }
  return { rule: "is not base64" };
}

function jsonOf(given: unknown): StoredValue | ValueFault {
  if (typeof given === "string" && given.isWellFormed()) {
    return { value: utf8Of(given), encoding: "text" };
  }
  const value = storedJsonOf(given, VALUE_DEPTH_MAX);
  return value === null
    ? { rule: `nests deeper than ${VALUE_DEPTH_MAX} levels` }
    : { value, encoding: "json" };
}

function utf8Of(text: string): Uint8Array {
  const room = values.reserve(text.length * UTF8_BYTES_PER_UNIT_MAX);
  const { written } = encoder.encodeInto(text, room);
  return values.keep(room.subarray(0, written));
}

const encoder = new TextEncoder();
/** Values wait here to be put into commands. */
const values = new ByteSlab();
const UTF8_BYTES_PER_UNIT_MAX = 3;
