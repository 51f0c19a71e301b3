/**
 * Keys and ranges in JSON bodies.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import {
  type Key,
  KEY_FIRST,
  keyAfter,
  keyFromBytes,
  type KeyRange,
  parseKey,
  prefixEnd,
} from "@raftkv/core/kv";
import { LIMITS } from "@raftkv/core";
import type { BodyFields } from "./body_fields.ts";

/** The names of the fields that say which keys are meant. */
export const RANGE_FIELDS: readonly string[] = ["key", "prefix", "start", "end"];

/**
 * The field `key`.
 *
 * @throws {KvFailure} `invalid_key` or `invalid_body`
 */
export function keyField(fields: BodyFields): Key {
  const text = fields.text("key");
  if (text === undefined) throw fields.invalid("key", "is missing");
  const key = parseKey(encoder.encode(text));
  if (key !== null) return key;
  throw new KvFailure(
    "invalid_key",
    `The field ${fields.pathOf("key")} has from 1 to 2,048 bytes.`,
  );
}

/**
 * One key, a `prefix`, or from `start` to before `end`. Something must be said: an empty object is
 * more likely a mistake than a wish for everything.
 *
 * @throws {KvFailure} `invalid_key` or `invalid_body`
 */
export function rangeFields(fields: BodyFields): KeyRange {
  const isBounds = fields.has("start") || fields.has("end");
  const kinds = ["key", "prefix"].filter((name) => fields.has(name)).length + (isBounds ? 1 : 0);
  if (kinds !== 1) throw fields.invalid("key", "or prefix, or start and end, is there alone");
  if (fields.has("key")) {
    const key = keyField(fields);
    return { start: key, end: keyAfter(key) };
  }
  const prefix = boundField(fields, "prefix");
  if (prefix !== undefined) return { start: prefix, end: prefixEnd(prefix) };
  return {
    start: boundField(fields, "start") ?? KEY_FIRST,
    end: boundField(fields, "end") ?? null,
  };
}

function boundField(fields: BodyFields, name: string): Key | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const bytes = encoder.encode(text);
  if (bytes.length <= LIMITS.keyBytesMax) return keyFromBytes(bytes);
  throw fields.invalid(name, "is not longer than any key");
}

const encoder = new TextEncoder();
