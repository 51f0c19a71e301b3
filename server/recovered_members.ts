/**
 * Who the members are, as far as a data directory knows.
 *
 * @module
 */

import { decodeConfiguration } from "@raftkv/core/codec";
import type { DurableState, Entry, Member, StoredEntry } from "@raftkv/core/raft";

/** The members of the last configuration in log or snapshot; null if there is none in either. */
export function recoveredMembers({ snapshot, entries }: DurableState): readonly Member[] | null {
  const entry = entries.findLast(isConfiguration);
  const after = snapshot?.last.index ?? 0;
  if (entry !== undefined && entry.index > after) return decodeConfiguration(entry.payload).members;
  return snapshot?.configuration.members ?? null;
}

function isConfiguration(entry: StoredEntry): entry is Entry {
  return entry.kind === "configuration";
}
