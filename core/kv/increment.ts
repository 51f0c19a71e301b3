/**
 * Arithmetic on values: 64-bit signed integers kept as JSON, so that everyone can read them.
 *
 * @module
 */

import { byteStringOf } from "../codec/byte_string.ts";
import { type IncrementOperation, INT64_MAX, INT64_MIN } from "./operation.ts";
import type { StoredRecord } from "./stored_record.ts";

/** What an increment comes to, or why it does not. */
export function incremented(
  stored: StoredRecord | undefined,
  { delta, min = INT64_MIN, max = INT64_MAX }: IncrementOperation,
): bigint | "not_an_integer" | "out_of_range" {
  const before = stored === undefined ? 0n : integerIn(stored);
  if (before === null) return "not_an_integer";
  const after = before + delta;
  return after < min || after > max ? "out_of_range" : after;
}

function integerIn({ value: bytes, encoding }: StoredRecord): bigint | null {
  // The longest such integer has 20 characters: nobody makes us parse a longer one.
  if (encoding !== "json" || bytes.length > 20) return null;
  const text = byteStringOf(bytes);
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return null;
  const value = BigInt(text);
  return value < INT64_MIN || value > INT64_MAX ? null : value;
}
