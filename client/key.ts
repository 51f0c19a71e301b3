/**
 * Keys that cannot be asked for.
 *
 * @module
 */

import { KvError } from "./kv_error.ts";

/**
 * Looks at a key before it is sent.
 *
 * @throws {KvError} `invalid_key` for one that no URL can carry: URL parsers take a segment of one or
 *   two dots, encoded or not, for a step in the path
 */
export function checkKey(key: string): void {
  if (key === "" || key === "." || key === "..") {
    throw invalidKey(`Cannot address key "${key}": A URL has no place for it`);
  }
  if (!key.isWellFormed()) throw invalidKey("Cannot address key: It holds half a surrogate pair");
}

function invalidKey(message: string): KvError {
  return new KvError(message, { code: "invalid_key", retryable: false, outcome: "not_applied" });
}
