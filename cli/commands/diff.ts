/**
 * `raftkv diff`: compares two states of the store.
 *
 * @module
 */

import type { Entry, Kv } from "@raftkv/client";
import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { printablePair } from "../printable.ts";
import { parseRevision } from "../revision.ts";

/** Shows what differs between two revisions. */
export const diffCommand: Command = {
  name: "diff",
  summary: "Show what differs between two revisions",
  usage: "REV1 REV2 [PREFIX]",
  arity: [2, 3],
  flags: () => [],
  details: [
    "A line for each key: + was added, - was removed, and of a changed one both its values. Both\n" +
    "revisions must still be kept. With --json each key is one line of JSON, with what it was (before)\n" +
    "and became (after).",
  ],
  examples: [
    { line: "raftkv diff 100 120", meaning: "Show what changed from one to the other" },
    { line: "raftkv diff 100 120 config/", meaning: "The same, of keys that begin with config/" },
  ],
  run: diff,
};

async function diff(invocation: Invocation): Promise<ExitCode> {
  const [first = "", second = "", prefix = ""] = invocation.positionals;
  const revisions = [parseRevision(first, "REV1"), parseRevision(second, "REV2")] as const;
  await using client = connectFor(invocation, { isLong: true });
  const { output } = invocation;
  for await (const [before, after] of differences(client, { prefix, revisions })) {
    const key = (before ?? after)?.key;
    await output.write(
      output.isJson
        ? JSON.stringify({ key, before: before ?? null, after: after ?? null })
        : [lineOf("-", before), lineOf("+", after)].flat().join("\n"),
    );
  }
  return EXIT.ok;
}

function lineOf(mark: string, entry: Entry | undefined): string[] {
  return entry === undefined ? [] : [`${mark} ${printablePair(entry)}`];
}

/** Goes through both states side by side: neither has to fit into memory. */
async function* differences(
  client: Kv,
  { prefix, revisions }: {
    readonly prefix: string;
    readonly revisions: readonly [number, number];
  },
): AsyncGenerator<[before: Entry | undefined, after: Entry | undefined]> {
  const [before, after] = revisions.map((revision) =>
    client.list({ prefix, revision, limit: PAGE_KEYS })
  ) as [AsyncGenerator<Entry>, AsyncGenerator<Entry>];
  const next = async (side: AsyncGenerator<Entry>) =>
    (await side.next()).value as Entry | undefined;
  let [left, right] = [await next(before), await next(after)];
  while (left !== undefined || right !== undefined) {
    const order = compareKeys(left, right);
    if (order !== 0 || left?.modRevision !== right?.modRevision) {
      yield [order <= 0 ? left : undefined, order >= 0 ? right : undefined];
    }
    if (order <= 0) left = await next(before);
    if (order >= 0) right = await next(after);
  }
}

const PAGE_KEYS = 500;

/** In the order of their bytes; what has ended comes last. */
function compareKeys(left: Entry | undefined, right: Entry | undefined): number {
  if (left === undefined) return 1;
  if (right === undefined) return -1;
  const [a, b] = [left, right].map(({ key }) => new TextEncoder().encode(key)) as [
    Uint8Array,
    Uint8Array,
  ];
  const at = a.findIndex((byte, place) => byte !== b[place]);
  if (at < 0) return a.length - b.length;
  return (a[at] ?? 0) - (b[at] ?? -1);
}
