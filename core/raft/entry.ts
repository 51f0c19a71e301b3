/**
 * One record of the replicated log.
 *
 * @module
 */

import type { LogIndex, LogPosition, Term } from "./ids.ts";

/**
 * What an entry is for: `command` goes to the state machine, `noop` is the entry a new leader
 * commits to learn the commit index of its predecessors (§8), `configuration` names the members (§6).
 */
export type EntryKind = "noop" | "command" | "configuration";

/** One record of the replicated log. */
export interface Entry {
  /** Its place in the log. */
  readonly index: LogIndex;
  /** The term of the leader that created it. */
  readonly term: Term;
  /** Who consumes it once it is committed. */
  readonly kind: EntryKind;
  /**
   * The leader's wall clock when it created the entry, in milliseconds since 1970. All the time the
   * state machine ever sees: expiry must come out the same on each replica.
   */
  readonly timeMs: number;
  /** The command or configuration in its encoded form; empty for a no-op. Never changed. */
  readonly payload: Uint8Array;
}

/**
 * An entry that the disk no longer holds as it was written, and of which only the identity is known.
 * No two entries share one (§5.3, Log Matching), so whoever holds the entry can supply it.
 */
export interface LostEntry extends LogPosition {
  /** Tells it from an {@linkcode Entry}. */
  readonly kind: "lost";
}

/** What storage has at a place of its log. */
export type StoredEntry = Entry | LostEntry;

/** Whether only the identity of an entry is known. */
export function isLost(entry: StoredEntry): entry is LostEntry {
  return entry.kind === "lost";
}

/** Bytes an entry counts for in windows and limits: its payload and a fixed share for its header. */
export function entrySizeBytes(entry: Entry): number {
  return ENTRY_OVERHEAD_BYTES + entry.payload.length;
}

const ENTRY_OVERHEAD_BYTES = 32;
