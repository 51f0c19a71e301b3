/**
 * Query parameters, read strictly: one that is unknown, given twice or malformed is refused, since
 * a misspelt `?consistency=` that is passed over gives answers nobody asked for.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";
import { type Key, KEY_FIRST, keyFromBytes, type KeyRange, prefixEnd } from "@raftkv/core/kv";
import type { Consistency } from "./kv_port.ts";

/** Decoded parameters by name. */
export type Query = ReadonlyMap<string, string>;

/** The time a request may take if it does not say. */
export const TIMEOUT_MS_DEFAULT = 5_000;

/** The longest time a request may take. */
export const TIMEOUT_MS_MAX = 60_000;

/**
 * Reads a raw query.
 *
 * @param known The names that the route understands.
 * @throws {KvFailure} `invalid_argument`
 */
export function parseQuery(raw: string, known: readonly string[]): Query {
  const query = new Map<string, string>();
  if (raw === "") return query;
  for (const pair of raw.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (!known.includes(name)) {
      throw invalid(`Query parameters here are ${known.join(", ") || "none"}, not ${quote(name)}.`);
    }
    if (query.has(name)) throw invalid(`The query parameter ${name} is there twice.`);
    query.set(name, equals < 0 ? "" : decode(pair.slice(equals + 1)));
  }
  return query;
}

/**
 * `?timeout=`: milliseconds (`500`, `500ms`) or seconds (`2s`, `0.5s`), from 1 ms to 60 s.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function timeoutMsOf(query: Query, timeoutMsDefault: number = TIMEOUT_MS_DEFAULT): number {
  const text = query.get("timeout");
  if (text === undefined) return timeoutMsDefault;
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s)?$/.exec(text) ?? [];
  const timeoutMs = amount === undefined ? NaN : Number(amount) * (unit === "s" ? 1_000 : 1);
  if (timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX) return timeoutMs;
  throw invalid(`The timeout is from 1ms to 60s, as in 500ms or 2s, not ${quote(text)}.`);
}

/**
 * `?consistency=`: `linearizable` if not given.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function consistencyOf(query: Query): Consistency {
  const text = query.get("consistency") ?? "linearizable";
  if (text === "linearizable" || text === "stale") return text;
  throw invalid(`The consistency is linearizable or stale, not ${quote(text)}.`);
}

/**
 * A parameter that is a whole number within bounds.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function integerOf(
  query: Query,
  name: string,
  bounds: { readonly min: number; readonly max: number; readonly fallback: number },
): number {
  const text = query.get(name);
  if (text === undefined) return bounds.fallback;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw invalid(`The ${name} is a number from ${bounds.min} to ${bounds.max}, not ${quote(text)}.`);
}

/**
 * A parameter that is `true` or `false`; false if not given.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function flagOf(query: Query, name: string): boolean {
  const text = query.get(name) ?? "false";
  if (text === "true" || text === "false") return text === "true";
  throw invalid(`The ${name} is true or false, not ${quote(text)}.`);
}

/**
 * A parameter that is a key or the beginning of keys, perhaps empty; undefined if not given.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function keyBoundOf(query: Query, name: string): Key | undefined {
  const text = query.get(name);
  if (text === undefined) return undefined;
  const bytes = encoder.encode(text);
  if (bytes.length <= LIMITS.keyBytesMax) return keyFromBytes(bytes);
  throw invalid(`The ${name} is longer than any key.`);
}

/**
 * The range of `?prefix=`, or of `?start=` and `?end=`: all keys if none is given.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function rangeOf(query: Query): KeyRange {
  const prefix = keyBoundOf(query, "prefix");
  const start = keyBoundOf(query, "start");
  const end = keyBoundOf(query, "end");
  if (prefix === undefined) return { start: start ?? KEY_FIRST, end: end ?? null };
  if (start === undefined && end === undefined) return { start: prefix, end: prefixEnd(prefix) };
  throw invalid("A range is a prefix, or start and end, not both.");
}

/**
 * `?revision=`: from 1 on; null if not given.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function revisionOf(query: Query): number | null {
  const bounds = { min: 1, max: Number.MAX_SAFE_INTEGER, fallback: 0 };
  return integerOf(query, "revision", bounds) || null;
}

/** Query strings write a space as `+`, paths do not. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalid("The query is not percent-encoded UTF-8.");
  }
}

function invalid(message: string): KvFailure {
  return new KvFailure("invalid_argument", message);
}

/** Shows what was sent, but no more of it than a person would read. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

const encoder = new TextEncoder();
