/**
 * All that the state machine keeps, in one object: data, sessions, revision, clock and digest change
 * together, stand in one snapshot together, and are replaced together.
 *
 * @module
 */

import { Digest } from "./digest.ts";
import type { KvRecord } from "./record.ts";
import { SessionTable } from "./session.ts";
import { Tree } from "./tree.ts";

/** The state after some prefix of the log. */
export interface KvState {
  readonly records: Tree<KvRecord>;
  readonly sessions: SessionTable;
  /** One for each commit, from 1 on: an empty store is at revision 1, as in etcd. */
  revision: number;
  /** The last entry applied; 0 before any. */
  appliedIndex: number;
  /** The latest time that any entry carried: replicated time, which never goes back. */
  clockMs: number;
  /** Of every entry applied and of what came of it. */
  readonly digest: Digest;
}

/** The state before the first entry. */
export function emptyState(): KvState {
  return {
    records: new Tree(),
    sessions: new SessionTable(),
    revision: 1,
    appliedIndex: 0,
    clockMs: 0,
    digest: new Digest(),
  };
}
