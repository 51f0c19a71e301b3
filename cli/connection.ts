/**
 * The client of a command: which nodes, and how much time.
 *
 * @module
 */

import { connect, type Kv } from "@raftkv/client";
import type { Invocation } from "./command.ts";
import { UsageError } from "./failures.ts";
import { parseDurationMs } from "./duration.ts";

/** Where `raftkv cluster` listens. */
const ENDPOINTS_DEFAULT: readonly string[] = [
  "http://localhost:8001",
  "http://localhost:8002",
  "http://localhost:8003",
];

/** A person waits: less patience than a program has. */
const TIMEOUT_MS_DEFAULT = 5_000;

/**
 * The nodes to ask: `--endpoints` and `--node`, else `RAFTKV_ENDPOINTS`, else those of a cluster on
 * this machine.
 */
export function endpointsOf({ flags, surroundings }: Invocation): readonly string[] {
  const given = [...flags.all("endpoints"), ...flags.all("node")];
  const fromEnv = surroundings.env("RAFTKV_ENDPOINTS") ?? "";
  const lists = given.length > 0 ? given : [fromEnv];
  const urls = lists.flatMap((list) => list.split(",")).map((url) => url.trim())
    .filter((url) => url !== "");
  return urls.length > 0 ? urls : ENDPOINTS_DEFAULT;
}

/** @throws {UsageError} if `--timeout` is no duration */
export function timeoutMsOf({ flags }: Invocation): number {
  const text = flags.get("timeout");
  if (text === undefined) return TIMEOUT_MS_DEFAULT;
  const timeoutMs = parseDurationMs(text);
  if (timeoutMs === null) {
    throw new UsageError(`Cannot read --timeout: Expected 500ms, 5s or 2m: "${text}"`);
  }
  return timeoutMs;
}

/**
 * A client for one command. A short command asks only the nodes it was given; a long one also learns
 * of the others, in case those given die under way.
 *
 * @throws {UsageError} if an endpoint is no URL
 */
export function connectFor(
  invocation: Invocation,
  { isLong, endpoints }: { readonly isLong?: boolean; readonly endpoints?: readonly string[] } = {},
): Kv {
  const timeoutMs = timeoutMsOf(invocation);
  try {
    return connect({
      endpoints: endpoints ?? endpointsOf(invocation),
      timeoutMs,
      discover: isLong ?? false,
    });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}
