/**
 * All that the state machine keeps, in one object: data, past, sessions, revision, clock and digest
 * change together, stand in one snapshot together, and are replaced together.
 *
 * @module
 */

import { Arena } from "./arena.ts";
import { ChangeLog } from "./change_log.ts";
import { ReplicatedClock } from "./clock.ts";
import { Digest } from "./digest.ts";
import { Evacuation } from "./evacuation.ts";
import { History } from "./history.ts";
import { IdempotencyTable } from "./idempotency.ts";
import { type Key, KEY_FIRST } from "./key.ts";
import { LeaseTable } from "./lease.ts";
import { RecordTable } from "./record_table.ts";
import { SessionTable } from "./session.ts";

/** The state after some prefix of the log. */
export interface KvState {
  /** Where the records of present and past lie. */
  readonly arena: Arena;
  /** What is under way there: of no consequence for what the store answers. */
  readonly evacuation: Evacuation;
  /** The present. */
  readonly records: RecordTable;
  /** The versions that are no longer present. */
  readonly history: History;
  /** What each revision after `sweptRevision` changed. */
  readonly changes: ChangeLog;
  readonly sessions: SessionTable;
  readonly idempotency: IdempotencyTable;
  readonly leases: LeaseTable;
  /** The last id that was given to a lease. */
  leaseLast: number;
  /** One for each commit, from 1 on: an empty store is at revision 1, as in etcd. */
  revision: number;
  /** What lies before this revision can no longer be read; 0 if everything can. */
  compactRevision: number;
  /** Up to this revision the past that cannot be read is gone; at most `compactRevision`. */
  sweptRevision: number;
  /** Of the revision behind it, what ended up to this key is gone, too; empty if nothing is. */
  sweptKey: Key;
  /** The bytes of keys and values in `history`. */
  historyBytes: number;
  /** When the store was at which revision, about once a minute, the oldest first. */
  marks: readonly TimeMark[];
  /** The last entry applied; 0 before any. */
  appliedIndex: number;
  readonly clock: ReplicatedClock;
  /** Of every entry applied and of what came of it. */
  readonly digest: Digest;
}

/** At which revision the store was at some time. */
export interface TimeMark {
  readonly revision: number;
  /** Replicated time. */
  readonly timeMs: number;
}

/** The state before the first entry. */
export function emptyState(): KvState {
  const arena = new Arena();
  return {
    arena,
    evacuation: new Evacuation(),
    records: new RecordTable(arena),
    history: new History(arena),
    changes: new ChangeLog(),
    sessions: new SessionTable(),
    idempotency: new IdempotencyTable(),
    leases: new LeaseTable(),
    leaseLast: 0,
    revision: 1,
    compactRevision: 0,
    sweptRevision: 0,
    sweptKey: KEY_FIRST,
    historyBytes: 0,
    marks: [],
    appliedIndex: 0,
    clock: new ReplicatedClock(),
    digest: new Digest(),
  };
}
