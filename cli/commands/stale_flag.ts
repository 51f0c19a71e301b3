/**
 * `--stale`, for commands that read.
 *
 * @module
 */

import type { ReadOptions } from "@raftkv/client";
import type { Flag, Invocation } from "../command.ts";

/** Trades freshness for an answer from any node, even one cut off from the others. */
export const STALE_FLAG: Flag = {
  name: "stale",
  summary: "let any node answer from what it knows, which may be old",
};

/** The consistency that the flag asks for. */
export function consistencyOf({ flags }: Invocation): Pick<ReadOptions, "consistency"> {
  return { consistency: flags.has("stale") ? "stale" : "linearizable" };
}
