/**
 * What a cluster that begins with the state of another takes over, and what it must not.
 *
 * @module
 */

import { configurationOf, type LogIndex, type Member, type SnapshotPoint } from "@raftkv/core/raft";

/**
 * How far the new log's first entry is from the state's last one. The old cluster may have gone on
 * after the state was taken. Its sessions are named by indexes of its log: without the leap, the new
 * cluster would give the same names to other clients, and a late retry of an old client would be
 * taken for a request of a new one.
 */
const INDEX_LEAP = 1_000_000_000;

/** Where the new cluster's log begins, with `members` as its voters. */
export function newPoint({ last }: SnapshotPoint, members: readonly Member[]): SnapshotPoint {
  const index = last.index + INDEX_LEAP as LogIndex;
  return { last: { index, term: last.term }, configuration: configurationOf(members) };
}

/**
 * The new cluster's id: the same on all members that restore the same file for the same members, and
 * another than that of any other cluster.
 *
 * @param parts The backup's digest, the members, and what tells one restoration from another.
 * @returns 32 lower-case hex digits
 */
export async function newClusterId(
  { digest, members, token }: {
    readonly digest: string;
    readonly members: readonly Member[];
    readonly token: string;
  },
): Promise<string> {
  const lines = members.map(({ id, url }) => `${id}=${url}`).sort();
  const text = JSON.stringify(["restored", digest, token, ...lines]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash, 0, 16).toHex();
}
