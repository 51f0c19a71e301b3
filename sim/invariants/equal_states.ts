/**
 * I13 and I26: state machines that have applied the same entries are in the same state, at the same
 * revision; and a revision never goes back.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Entry, LogIndex, NodeId, SnapshotMeta } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule, Step } from "./rule.ts";

/** Hashes tell of all that was applied before, so one in so many entries is enough. */
const HASHED_ENTRIES = 8;

/** I13 equal states, I26 revisions. */
export class EqualStates implements Rule {
  readonly #node: (id: NodeId) => Observed | undefined;
  readonly #hashes = new Map<LogIndex, string>();
  readonly #revisions = new Map<LogIndex, number>();
  readonly #digests = new Map<LogIndex, string>();
  /** Nodes whose machine has a snapshot that they have not taken note of, and where that ends. */
  readonly #ahead = new Map<NodeId, LogIndex>();

  /** Begins with nothing seen. */
  constructor(node: (id: NodeId) => Observed | undefined) {
    this.#node = node;
  }

  onCarriedOut(id: NodeId, { index }: Entry): void {
    if (index % HASHED_ENTRIES !== 0) return;
    const hash = this.#node(id)?.stateHash ?? null;
    if (hash === null) return;
    const known = this.#hashes.get(index) ?? hash;
    invariant(
      known === hash,
      "I13 equal states: equal logs give equal states",
      () => ({ id, index, hash, known }),
    );
    this.#hashes.set(index, hash);
  }

  onSnapshot({ id }: Observed, { last: { index }, digest }: SnapshotMeta): void {
    const known = this.#digests.get(index) ?? digest;
    invariant(
      known === digest,
      "I13 equal states: equal logs give equal snapshots",
      () => ({ id, index, digest, known }),
    );
    this.#digests.set(index, digest);
  }

  onInstalled({ id }: Observed, { last: { index }, digest }: SnapshotMeta): void {
    invariant(
      (this.#digests.get(index) ?? digest) === digest,
      "I13 equal states: a snapshot that is installed is one that was made",
      () => ({ id, index, digest, known: this.#digests.get(index) }),
    );
    this.#ahead.set(id, index);
  }

  onCrashed(id: NodeId): void {
    this.#ahead.delete(id);
  }

  onStepped({ now: { status }, before }: Step): void {
    const { appliedIndex, revision, id } = status;
    if (appliedIndex < (this.#ahead.get(id) ?? 0)) return;
    this.#ahead.delete(id);
    invariant(
      before === null || revision >= before.status.revision,
      "I26 revisions: a revision never goes back",
      () => ({ id, revision, before: before?.status.revision }),
    );
    if (before !== null && before.status.appliedIndex === appliedIndex) return;
    const known = this.#revisions.get(appliedIndex) ?? revision;
    invariant(
      known === revision,
      "I26 revisions: equal logs give equal revisions",
      () => ({ id, appliedIndex, revision, known }),
    );
    this.#revisions.set(appliedIndex, revision);
  }
}
