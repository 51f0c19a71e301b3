// Each rule of the explorer refuses a picture that breaks it, by its name.

import { assert, assertEquals } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import type { LogIndex, NodeId, Term } from "@raftkv/core/raft";
import type { Sent } from "../../../sim/explore/actor.ts";
import {
  type History,
  NO_HISTORY,
  withCommit,
  withLeader,
  withVote,
} from "../../../sim/explore/history.ts";
import { checkGrant, checkPair, checkSent, checkStep } from "../../../sim/explore/rules.ts";
import type { View } from "../../../sim/explore/view.ts";
import { accepted, entries, vote } from "../../support/raft_messages.ts";

const N1 = "n1" as NodeId;
const N2 = "n2" as NodeId;

/** A follower of term 3 whose log has entries of these terms, all of them durable. */
function view(terms: readonly number[], other: Partial<View> = {}): View {
  const log = entries(0, terms);
  return {
    id: N1,
    role: "follower",
    term: 3 as Term,
    commitIndex: 0 as LogIndex,
    log,
    durable: log,
    hardState: { term: 3 as Term, votedFor: N1 },
    matches: new Map(),
    ...other,
  };
}

const leader = (terms: readonly number[], other: Partial<View> = {}) =>
  view(terms, { role: "leader", ...other });

const commit = (index: number) => ({ commitIndex: index as LogIndex });

function sent(message: Sent["message"], durable: { term: number; log: number[] }): Sent {
  const hardState = { term: durable.term as Term, votedFor: null };
  return { to: N2, message, disk: { hardState, entries: entries(0, durable.log) } };
}

/** A past in which entry 1 of term 1 was committed by the leader of term 1. */
const COMMITTED: History = withCommit(
  NO_HISTORY,
  leader([1], { ...commit(1), term: 1 as Term }),
  [view([1]), view([1])],
);

const BROKEN: readonly (readonly [rule: string, () => void])[] = [
  ["I1", () => withLeader(withLeader(NO_HISTORY, leader([])), leader([], { id: N2 }))],
  ["I2", () => {
    const once = withVote(NO_HISTORY, { voter: N1, term: 3 as Term, candidate: N1 });
    withVote(once, { voter: N1, term: 3 as Term, candidate: N2 });
  }],
  ["I2", () => checkSent(view([]), sent(vote(3, true), { term: 3, log: [] }))],
  ["I2", () => checkStep(view([]), view([], { hardState: { term: 3 as Term, votedFor: null } }))],
  ["I3", () => checkSent(view([]), sent(vote(3, false), { term: 2, log: [] }))],
  ["I3", () => checkStep(view([]), view([], { term: 2 as Term }))],
  ["I4", () => checkStep(leader([1, 3]), leader([1]))],
  ["I5", () => checkPair(view([1, 2, 3]), view([1, 1, 3], { id: N2 }))],
  ["I6", () => withLeader(COMMITTED, leader([2]))],
  ["I8", () => withCommit(COMMITTED, view([2], commit(1)), [view([1])])],
  ["I9", () => withCommit(NO_HISTORY, leader([3], commit(1)), [leader([3]), view([]), view([])])],
  ["I10", () => withCommit(NO_HISTORY, leader([2], commit(1)), [view([2]), view([2])])],
  ["I11", () => checkStep(view([1, 1], commit(2)), view([1, 1], commit(1)))],
  [
    "I15",
    () => checkPair(leader([1], { matches: new Map([[N2, 1 as LogIndex]]) }), view([], { id: N2 })),
  ],
  ["I19", () => checkSent(view([]), sent(accepted(3, 2), { term: 3, log: [1] }))],
  ["I24", () => checkGrant({ token: 2, index: 1 as LogIndex })],
];

for (const [at, [rule, breakIt]] of BROKEN.entries()) {
  Deno.test(`the explorer sees that ${rule} is broken (${at + 1})`, () => {
    assertEquals(brokenBy(breakIt)?.split(" ")[0], rule);
  });
}

Deno.test("what follows the rules is not refused", () => {
  assert(COMMITTED.committed.length === 1);
  const next = withLeader(COMMITTED, leader([1, 3], { id: N2 }));
  const third = [leader([1, 3]), view([1, 3]), view([1])];
  assertEquals(withCommit(next, leader([1, 3], commit(2)), third).committed.length, 2);
  // The leader of a term that is over owes nothing to later ones.
  const late = leader([], { id: N2, term: 1 as Term });
  assertEquals(withLeader({ ...COMMITTED, leaders: new Map() }, late).leaders.size, 1);
  checkPair(leader([1, 2]), view([1, 1], { id: N2 }));
  checkStep(view([1, 2]), view([1, 3]));
});

function brokenBy(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof InvariantViolation) return error.message;
    throw error;
  }
}
