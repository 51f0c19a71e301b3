/**
 * `If-Match` and `If-None-Match` of a write as the condition of its commit (RFC 9110, section 13).
 * The entity tag of a key is its last revision.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { type Compare, type Key, keyAfter } from "@raftkv/core/kv";

/**
 * What the headers demand of `key`.
 *
 * @throws {KvFailure} `invalid_argument` if one is neither `*` nor one revision in quotes
 */
export function preconditionsOf(headers: Headers, key: Key): readonly Compare[] {
  const range = { start: key, end: keyAfter(key) };
  const compares: Compare[] = [];
  for (const [name, positive] of [["if-match", true], ["if-none-match", false]] as const) {
    const text = headers.get(name);
    if (text === null) continue;
    if (text === "*") {
      // A key that is not there has version 0.
      compares.push({ ...range, target: "version", relation: positive ? ">" : "=", operand: 0 });
      continue;
    }
    const operand = Number(/^"(\d{1,16})"$/.exec(text)?.[1] ?? NaN);
    if (!Number.isSafeInteger(operand)) {
      throw new KvFailure("invalid_argument", `The header ${name} is * or one revision in quotes.`);
    }
    compares.push({ ...range, target: "mod", relation: positive ? "=" : "!=", operand });
  }
  return compares;
}
