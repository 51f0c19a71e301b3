/**
 * What a request is aimed at, taken from its URL as it was sent. Libraries that parse URLs resolve
 * `..` and decode what they please; here a key is decoded once, and no two spellings that a client
 * might mean differently end at one key.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";

/** Path and query of a request, both still percent-encoded. */
export interface RequestTarget {
  /** Begins with a slash. */
  readonly path: string;
  /** What follows the question mark; empty if there is none. */
  readonly query: string;
}

/** Under this path each key is a resource. */
export const KEY_PATH = "/kv/";

/** The same with everything that can be asked of a key. */
export const V1_KEY_PATH = "/v1/kv/";

/** Cuts an absolute URL, or a path alone, as it was sent. */
export function targetOf(url: string): RequestTarget {
  const scheme = url.startsWith("/") ? -1 : url.indexOf("://");
  const start = scheme < 0 ? 0 : authorityEnd(url, scheme + 3);
  const mark = url.indexOf("?", start);
  const path = mark < 0 ? url.slice(start) : url.slice(start, mark);
  return { path: path === "" ? "/" : path, query: mark < 0 ? "" : url.slice(mark + 1) };
}

/** The path alone: on it the app chooses the route. */
export function pathOf(url: string): string {
  return targetOf(url).path;
}

/**
 * Why a path cannot be served as it stands, or null. A segment `.` or `..`, encoded or not, is
 * resolved by most clients and by URL parsers on the way, and a backslash becomes a slash: what
 * reaches us with one still in it would name one key here and another one there.
 */
export function targetFailure(path: string): KvFailure | null {
  const reason = AMBIGUOUS_SEGMENT.test(path)
    ? "A path segment must not be . or ..; write the slashes of a key as %2F."
    : NOT_A_PATH_CHARACTER.test(path)
    ? "A path holds visible ASCII without # and \\; write other characters percent-encoded."
    : null;
  if (reason === null) return null;
  return keyPathOf(path) !== null
    ? new KvFailure("invalid_key", reason)
    : new KvFailure("route_not_found", reason);
}

/**
 * The key that the path of a request names, as text: everything behind `/kv/` or `/v1/kv/`, decoded
 * once.
 *
 * @throws {KvFailure} `invalid_key`
 */
export function keyFields(path: string): { key: string } {
  const failure = targetFailure(path);
  if (failure !== null) throw failure;
  return { key: decodeKey(path.slice(keyPathOf(path)?.length)) };
}

function keyPathOf(path: string): string | null {
  return [KEY_PATH, V1_KEY_PATH].find((prefix) => path.startsWith(prefix)) ?? null;
}

function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new KvFailure("invalid_key", "The key is not percent-encoded UTF-8.");
  }
}

/** Where the path begins: the authority ends at the first slash or question mark. */
function authorityEnd(url: string, from: number): number {
  const slash = url.indexOf("/", from);
  const mark = url.indexOf("?", from);
  if (slash < 0) return mark < 0 ? url.length : mark;
  return mark < 0 || slash < mark ? slash : mark;
}

const AMBIGUOUS_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
const NOT_A_PATH_CHARACTER = /[^!-~]|[#\\]/;
