/**
 * Goes through keys a page at a time and writes each page at once.
 *
 * @module
 */

import type { KeyValueJson } from "@raftkv/core/api";
import type { Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { revisionOption } from "../revision.ts";
import { consistencyOf } from "./stale_flag.ts";

/** Keys fetched at once: few enough for memory, enough to hide the round trips. */
const PAGE_KEYS = 500;

/** Writes one line for each key that begins with the first argument, up to a number of keys. */
export async function writePages(
  invocation: Invocation,
  { line, countMax }: {
    readonly line: (item: KeyValueJson) => string;
    readonly countMax?: number | undefined;
  },
): Promise<void> {
  const [prefix = ""] = invocation.positionals;
  const consistency = { ...consistencyOf(invocation), ...revisionOption(invocation) };
  await using client = connectFor(invocation, { isLong: true });
  let left = countMax ?? Infinity;
  let cursor: string | null | undefined;
  while (cursor !== null && left > 0) {
    const page = await client.listPage({
      ...consistency,
      prefix,
      limit: Math.min(PAGE_KEYS, left),
      ...cursor === undefined ? {} : { cursor },
    });
    if (page.items.length > 0) await invocation.output.write(page.items.map(line).join("\n"));
    left -= page.items.length;
    cursor = page.cursor;
  }
}
