/**
 * I9 and I10: an entry is called committed when a majority, or one of each half of a joint
 * configuration, has it on disk; and only one of the leader's own term is committed by counting, with
 * all before it (§5.4.2).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Configuration, LogIndex, NodeId, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Commit, Rule } from "./rule.ts";

/** I9 commit by quorum, I10 own term only. */
export class CommitQuorum implements Rule {
  readonly #chronicle: Chronicle;
  readonly #nodes: () => readonly Observed[];

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle, nodes: () => readonly Observed[]) {
    this.#chronicle = chronicle;
    this.#nodes = nodes;
  }

  onCommitting({ node: { id }, now, before, first, last }: Commit): void {
    const { status } = now;
    // A commit may make its leader append the next configuration in the same step, or give way if it
    // was removed, and a busy node takes many messages in one step, such as one that deposes it: what
    // was committed is owed to how it was before.
    const ledTerms = [before?.status, status].flatMap((each) => {
      return each?.role === "leader" ? [each.term] : [];
    });
    invariant(
      ledTerms.length > 0,
      "I9 commit by quorum: only a leader finds out what is committed",
      () => ({ id, status, known: this.#chronicle.committedIndex }),
    );
    const { configuration } = before ?? now;
    const lastTerm = this.#durableTerm(last, configuration);
    const ledTerm = ledTerms.find((term) => term === lastTerm) ?? status.term;
    for (let index = first; index <= last; index++) {
      const term = this.#durableTerm(index, configuration);
      invariant(
        term !== null,
        "I9 commit by quorum: what is committed is on a majority's disks",
        () => ({
          id,
          index,
          inForce: configuration,
          held: this.#nodes().map((node) => [node.id, node.disk.termAt(index)]),
        }),
      );
      this.#chronicle.commit(term, ledTerm);
      if (term < ledTerm) this.#chronicle.inherited++;
    }
    invariant(
      lastTerm === ledTerm,
      "I10 own term only: by counting, a leader commits only an entry of its own term",
      () => ({ id, status, term: lastTerm }),
    );
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
