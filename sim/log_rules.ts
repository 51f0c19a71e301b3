/**
 * Rules for logs and commits (figure 3 of the paper), checked against the disks: what is called
 * committed is durable on a majority, stays, and is held by every later leader.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  NodeId,
  NodeStatus,
  PersistBatch,
  SnapshotMeta,
  Term,
} from "@raftkv/core/raft";
import type { Observed } from "./observed.ts";

interface KnownEntry {
  readonly payload: Uint8Array;
  readonly previousTerm: Term | null;
}

/** The rules of the log, with a memory that no crash erases. */
export class LogRules {
  readonly #nodes: () => readonly Observed[];
  readonly #hardStates = new Map<NodeId, HardState>();
  /** Every entry that was ever written, by index and term. */
  readonly #written = new Map<string, KnownEntry>();
  /** The term of each committed entry; the one of index 1 stands at place 0. */
  readonly #committed: Term[] = [];
  readonly #applied = new Map<NodeId, LogIndex>();
  readonly #digests = new Map<LogIndex, string>();
  /** How each node was before its present step. */
  readonly #before = new Map<NodeId, { configuration: Configuration; led: boolean }>();

  /**
   * Begins with an empty memory.
   *
   * @param nodes Every node there is, members or not.
   */
  constructor(nodes: () => readonly Observed[]) {
    this.#nodes = nodes;
  }

  /** How many entries of an earlier term than their leader's were committed. */
  inherited = 0;

  /** A batch has reached a node's disk. */
  onPersisted(node: Observed, batch: PersistBatch): void {
    if (batch.hardState !== null) this.#onHardState(node.id, batch.hardState);
    for (const entry of batch.entries) this.#onWritten(node, entry);
  }

  #onHardState(id: NodeId, next: HardState): void {
    const known = this.#hardStates.get(id);
    invariant(
      known === undefined || next.term > known.term ||
        (next.term === known.term && (known.votedFor ?? next.votedFor) === next.votedFor),
      "a durable term never goes back, and a durable vote never changes within it",
      () => ({ id, known, next }),
    );
    this.#hardStates.set(id, next);
  }

  /** Equal position, equal entry and equal predecessor: by induction, equal logs up to there. */
  #onWritten({ id, disk }: Observed, { index, term, payload }: Entry): void {
    const previousTerm = disk.termAt((index - 1) as LogIndex);
    const known = this.#written.get(`${index}/${term}`);
    if (known === undefined) {
      this.#written.set(`${index}/${term}`, { payload, previousTerm });
      return;
    }
    invariant(
      sameBytes(known.payload, payload) && known.previousTerm === previousTerm,
      "log matching: entries with equal index and term, and all before them, are equal",
      () => ({ id, index, term, previousTerm, known: known.previousTerm }),
    );
  }

  /** A node was seen leading in a term for the first time. */
  onElected({ id, disk }: Observed): void {
    for (const [place, term] of this.#committed.entries()) {
      const index = (place + 1) as LogIndex;
      invariant(
        disk.isCompacted(index) || disk.termAt(index) === term,
        "leader completeness: a new leader holds every committed entry",
        () => ({ id, index, term, held: disk.termAt(index) }),
      );
    }
  }

  /** A node has taken a step. */
  onStepped(node: Observed, status: NodeStatus): void {
    const { id, configuration } = node;
    if (configuration === null) return;
    // A commit may make its leader append the next configuration in the same step, or give way if
    // it was removed: what was committed is owed to how it was before.
    const leads = status.role === "leader";
    const before = this.#before.get(id) ?? { configuration, led: leads };
    this.#before.set(id, { configuration, led: leads });
    if (status.commitIndex <= this.#committed.length) return;
    invariant(leads || before.led, "only a leader finds out what is committed", () => ({
      id,
      status,
      known: this.#committed.length,
    }));
    for (let index = this.#committed.length + 1; index <= status.commitIndex; index++) {
      const term = this.#durableTerm(index as LogIndex, before.configuration);
      invariant(term !== null, "what is committed is durable on a majority", () => ({
        id,
        index,
        inForce: before.configuration,
      }));
      this.#committed.push(term);
      if (term < status.term) this.inherited++;
    }
    invariant(
      this.#committed.at(-1) === status.term,
      "only an entry of the leader's own term is committed by counting",
      () => ({ id, status, term: this.#committed.at(-1) }),
    );
  }

  /** A node's state machine takes in an entry. */
  onApplied(id: NodeId, { index, term, payload }: Entry): void {
    const known = this.#written.get(`${index}/${term}`);
    invariant(
      this.#committed[index - 1] === term && known !== undefined &&
        sameBytes(known.payload, payload),
      "state machine safety: only committed entries are applied, the same everywhere",
      () => ({ id, index, term, committed: this.#committed[index - 1] ?? null }),
    );
    const before = this.#applied.get(id) ?? 0;
    invariant(index > before, "entries are applied in order, each once", () => ({
      id,
      index,
      before,
    }));
    this.#applied.set(id, index);
  }

  /** A node was stopped: its state machine begins anew. */
  onCrashed(id: NodeId): void {
    this.#applied.delete(id);
    this.#before.delete(id);
  }

  /** A node has saved its state. */
  onSnapshot(id: NodeId, { last, digest }: SnapshotMeta): void {
    const known = this.#digests.get(last.index) ?? digest;
    invariant(known === digest, "equal logs give equal states", () => ({ id, index: last.index }));
    this.#digests.set(last.index, digest);
  }

  /** The term at `index` that a majority of the disks, or one of each half, hold; or null. */
  #durableTerm(index: LogIndex, { voters, votersOutgoing }: Configuration): Term | null {
    const incoming = this.#majorityTerm(index, voters);
    if (votersOutgoing.length === 0) return incoming;
    return incoming === this.#majorityTerm(index, votersOutgoing) ? incoming : null;
  }

  #majorityTerm(index: LogIndex, voters: readonly NodeId[]): Term | null {
    const counts = new Map<Term, number>();
    for (const { id, disk } of this.#nodes()) {
      const term = voters.includes(id) ? disk.termAt(index) : null;
      if (term !== null) counts.set(term, (counts.get(term) ?? 0) + 1);
    }
    for (const [term, count] of counts) if (count * 2 > voters.length) return term;
    return null;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
