/**
 * Everything a node holds.
 *
 * @module
 */

import type { KeyValueJson } from "@raftkv/client";
import type { ServedNode } from "./served_node.ts";

/** How to read. */
export interface ContentsOptions {
  readonly consistency: "linearizable" | "stale";
  readonly prefix?: string;
}

/** All keys with a prefix and their records, as one node shows them. */
export async function contentsOf(
  { client }: ServedNode,
  options: ContentsOptions,
): Promise<ReadonlyMap<string, KeyValueJson>> {
  const found = new Map<string, KeyValueJson>();
  for await (const item of client.list({ ...options, limit: 1_000 })) found.set(item.key, item);
  return found;
}
