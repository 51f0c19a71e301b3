/**
 * What no crash erases: who led which term, who voted for whom, what was committed. The rules that
 * speak of the past are checked when something is added to it.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Entry, NodeId, Term } from "@raftkv/core/raft";
import { isSameEntry, type View } from "./view.ts";

interface Committed {
  readonly entry: Entry;
  /** The term of the leader that found out. */
  readonly by: Term;
}

/** The past of a cluster. Never changed: each addition gives a new one. */
export interface History {
  /** Who led, by term. */
  readonly leaders: ReadonlyMap<Term, NodeId>;
  /** Whom each voter gave its vote, by voter and term. */
  readonly votes: ReadonlyMap<NodeId, ReadonlyMap<Term, NodeId>>;
  /** What was committed, from index 1. */
  readonly committed: readonly Committed[];
}

/** The past of a new cluster. */
export const NO_HISTORY: History = { leaders: new Map(), votes: new Map(), committed: [] };

/** A vote has left its voter. */
export function withVote(
  history: History,
  vote: { readonly voter: NodeId; readonly term: Term; readonly candidate: NodeId },
): History {
  const { voter, term, candidate } = vote;
  const own = history.votes.get(voter) ?? new Map<Term, NodeId>();
  const known = own.get(term);
  invariant(
    known === undefined || known === candidate,
    "I2 one durable vote: a node votes once in a term, across restarts",
    () => ({ ...vote, before: known }),
  );
  if (known !== undefined) return history;
  return {
    ...history,
    votes: new Map(history.votes).set(voter, new Map(own).set(term, candidate)),
  };
}

/** A node leads. */
export function withLeader(history: History, leader: View): History {
  const { id, log, term } = leader;
  const known = history.leaders.get(term);
  invariant(
    known === undefined || known === id,
    "I1 election safety: at most one leader in a term",
    () => ({ term, leaders: [known, id] }),
  );
  if (known !== undefined) return history;
  for (const { by, entry } of history.committed) {
    const held = log[entry.index - 1];
    // Votes that come late may make a leader of a term that is over: it owes nothing to later ones.
    invariant(
      by >= term || (held !== undefined && isSameEntry(held, entry)),
      "I6 leader completeness: a new leader holds every entry committed in earlier terms",
      () => ({ id, term, committed: entry, held }),
    );
  }
  return { ...history, leaders: new Map(history.leaders).set(term, id) };
}

/** A node's commit index has moved, or it came to be known after a restart. */
export function withCommit(
  history: History,
  node: View,
  all: readonly View[],
): History {
  const { commitIndex, id, log, role, term } = node;
  const committed = [...history.committed];
  for (let at = 0; at < commitIndex; at++) {
    const entry = log[at] as Entry;
    const known = committed[at]?.entry;
    if (known !== undefined) {
      invariant(
        isSameEntry(known, entry),
        "I8 committed stays: what is committed at an index never changes, and is one everywhere",
        () => ({ id, known, entry }),
      );
      continue;
    }
    const holders = all.filter(({ durable }) => {
      const held = durable[at];
      return held !== undefined && isSameEntry(held, entry);
    });
    invariant(
      holders.length * 2 > all.length,
      "I9 durable majority: what is committed is on the disks of a majority",
      () => ({ id, entry, holders: holders.map((holder) => holder.id) }),
    );
    committed.push({ entry, by: term });
  }
  if (committed.length === history.committed.length) return history;
  invariant(
    role === "leader" && committed.at(-1)?.entry.term === term,
    "I10 current-term commit: only a leader commits by counting, and only entries of its own term",
    () => ({ id, role, term, entry: committed.at(-1)?.entry }),
  );
  return { ...history, committed };
}
