/**
 * The id of a cluster that is started from a list of members.
 *
 * @module
 */

import type { Member } from "@raftkv/core/raft";

/**
 * A digest of the members, so that nodes started with the same list come to the same id without
 * asking each other, and nodes of different clusters refuse each other's links. It is taken once: a
 * node's data directory keeps it, also when the members move to other addresses.
 *
 * @returns 32 lower-case hex digits
 */
export async function clusterIdOf(members: readonly Member[]): Promise<string> {
  const lines = members.map(({ id, url }) => `${id}=${url}\n`).sort().join("");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines));
  return [...new Uint8Array(digest).slice(0, 16)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
