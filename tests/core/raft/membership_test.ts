/**
 * What a change of the membership leads to: exhaustively for clusters of up to four nodes.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import {
  type Configuration,
  isJoint,
  type MembershipChange,
  type MembershipRefusal,
  type NewMember,
  type NodeId,
} from "@raftkv/core/raft";
import {
  leaveJoint,
  nextConfiguration,
  promotionOf,
  withIncarnations,
} from "../../../core/raft/membership.ts";
import { tallyOf } from "../../../core/raft/quorum.ts";
import { subsets, tuples } from "../../support/sets.ts";

const IDS = ["n1", "n2", "n3", "n4"].map((id) => id as NodeId);
const [N1, N2, N3, N4] = IDS as [NodeId, NodeId, NodeId, NodeId];

const member = (id: NodeId) => ({ id, url: `http://${id}` });
const newcomer = (id: NodeId, content: Partial<NewMember> = {}): NewMember => ({
  ...member(id),
  votes: true,
  replaces: null,
  ...content,
});

function configuration(
  voters: readonly NodeId[],
  learners: readonly NodeId[] = [],
  rest: Partial<Configuration> = {},
): Configuration {
  const members = [...voters, ...learners].sort().map(member);
  return { members, voters, votersOutgoing: [], learners, candidates: [], ...rest };
}

function change(content: Partial<MembershipChange>): MembershipChange {
  return { add: [], remove: [], promote: [], move: [], ...content };
}

/** The next configuration of a change that everyone has caught up for. */
function next(current: Configuration, content: Partial<MembershipChange>) {
  return nextConfiguration(current, change(content), { hasCaughtUp: () => true });
}

/** The configurations that a change goes through, the current one first. */
function path(current: Configuration, content: Partial<MembershipChange>): Configuration[] {
  const entered = next(current, content);
  if (typeof entered === "string") return [current];
  return isJoint(entered) ? [current, entered, leaveJoint(entered)] : [current, entered];
}

/** Every configuration of up to four nodes that is not joint. */
function* configurations(): Generator<Configuration> {
  for (const roles of tuples(["voter", "learner", "none"], IDS.length)) {
    const voters = IDS.filter((_, at) => roles[at] === "voter");
    const learners = IDS.filter((_, at) => roles[at] === "learner");
    if (voters.length > 0) yield configuration(voters, learners);
  }
}

/** Every change that names each node at most once and no node in vain. */
function* changesOf({ voters, learners }: Configuration): Generator<MembershipChange> {
  for (const picks of tuples([0, 1, 2], IDS.length)) {
    const picked = (pick: number) => IDS.filter((_, at) => picks[at] === pick);
    const isMember = (id: NodeId) => voters.includes(id) || learners.includes(id);
    const promote = picked(2);
    if (!promote.every((id) => learners.includes(id))) continue;
    const add = picked(1).filter((id) => !isMember(id)).map((id) => newcomer(id));
    yield change({ add, remove: picked(1).filter(isMember), promote });
  }
}

/** The sets of nodes that may decide alone. */
function quorumsOf(each: Configuration): NodeId[][] {
  return [...subsets(IDS)].filter((set) => {
    const votes = new Map(IDS.map((id) => [id, set.includes(id)]));
    return tallyOf(each, votes) === "won";
  });
}

// [M-3]
Deno.test("any quorum of a configuration meets any quorum of the one that follows it", () => {
  let steps = 0;
  let joints = 0;
  for (const current of configurations()) {
    for (const each of changesOf(current)) {
      const through = path(current, each);
      for (const [at, later] of through.slice(1).entries()) {
        const before = quorumsOf(through[at]!);
        for (const quorum of quorumsOf(later)) {
          assert(
            before.every((other) => other.some((id) => quorum.includes(id))),
            JSON.stringify({ from: through[at], to: later, quorum }),
          );
        }
        steps++;
      }
      if (through.length === 3) joints++;
    }
  }
  assert(steps > 1_000 && joints > 500, `only ${steps} steps, ${joints} joint ones`);
});

// [M-3]
Deno.test("a change ends with exactly the voters and learners that were asked for", () => {
  for (const current of configurations()) {
    for (const each of changesOf(current)) {
      const voters = [
        ...current.voters.filter((id) => !each.remove.includes(id)),
        ...each.promote,
      ].sort();
      const learners = [
        ...current.learners.filter((id) => !each.remove.includes(id) && !each.promote.includes(id)),
        ...each.add.map(({ id }) => id),
      ].sort();
      const isNothing = each.add.length + each.remove.length + each.promote.length === 0;
      const refusal = isNothing
        ? "nothing_to_change"
        : voters.length === 0
        ? "no_voter_left"
        : null;
      const entered = next(current, each);
      if (refusal !== null) {
        assertEquals(entered, refusal);
        continue;
      }
      const final = path(current, each).at(-1)!;
      assertEquals([final.voters, final.learners, final.votersOutgoing], [voters, learners, []]);
      assertEquals(final.members.map(({ id }) => id), [...voters, ...learners].sort());
    }
  }
});

// [M-3]
Deno.test("only a change of the voters goes through a joint configuration", () => {
  const two = configuration([N1, N2], [N3]);
  assertEquals(path(two, { add: [newcomer(N4)] }).length, 2);
  assertEquals(path(two, { remove: [N3] }).length, 2);
  assertEquals(path(two, { promote: [N3] }).length, 3);
  assertEquals(path(two, { remove: [N2] }).length, 3);
});

// [M-3]
Deno.test("who leaves stays a member, and the old voters keep their say, until the change is final", () => {
  const [, joint, final] = path(configuration([N1, N2, N3]), { remove: [N2, N3] });
  assertEquals(joint!.members.map(({ id }) => id), [N1, N2, N3]);
  assertEquals([joint!.voters, joint!.votersOutgoing], [[N1], [N1, N2, N3]]);
  assertEquals(final, configuration([N1]));
  assertThrows(() => leaveJoint(final!), InvariantViolation);
});

// [M-5]
Deno.test("a newcomer never votes at once, however it is asked for", () => {
  for (const current of configurations()) {
    for (const id of IDS.filter((each) => !current.members.some((one) => one.id === each))) {
      const [, entered] = path(current, { add: [newcomer(id)] });
      assertEquals(entered!.voters, current.voters);
      assert(entered!.learners.includes(id));
    }
  }
});

// [M-5]
Deno.test("a newcomer that is to vote, or to take another's place, waits for it as a candidate", () => {
  const current = configuration([N1, N2]);
  const candidates = (content: Partial<NewMember>) => {
    const [, entered] = path(current, { add: [newcomer(N3, content)] });
    return entered!.candidates;
  };
  assertEquals(candidates({ votes: false }), []);
  assertEquals(candidates({ votes: true }), [{ id: N3, replaces: null }]);
  const [, waiting] = path(current, { add: [newcomer(N3, { replaces: N2 })] });
  assertEquals(waiting!.candidates, [{ id: N3, replaces: N2 }]);
  const done = path(waiting!, promotionOf(waiting!.candidates[0]!)).at(-1);
  assertEquals(done, configuration([N1, N3]));
});

// [M-5]
Deno.test("a candidate whose forerunner left meanwhile votes all the same", () => {
  const [, waiting] = path(configuration([N1, N2]), { add: [newcomer(N3, { replaces: N2 })] });
  const without = path(waiting!, { remove: [N2] }).at(-1)!;
  assertEquals(without.candidates, [{ id: N3, replaces: null }]);
  assertEquals(path(waiting!, { remove: [N3] }).at(-1), configuration([N1, N2]));
});

// [M-6]
Deno.test("a change that makes no sense is refused, each with its reason", () => {
  const current = configuration([N1, N2], [N3]);
  const refusals: readonly (readonly [Partial<MembershipChange>, MembershipRefusal])[] = [
    [{}, "nothing_to_change"],
    [{ move: [member(N1)] }, "nothing_to_change"],
    [{ add: [newcomer(N1)] }, "already_member"],
    [{ add: [newcomer(N3)] }, "already_member"],
    [{ add: [newcomer(N4), newcomer(N4)] }, "already_member"],
    [{ add: [newcomer(N4, { replaces: N3 })] }, "unknown_member"],
    [{ remove: [N4] }, "unknown_member"],
    [{ promote: [N4] }, "unknown_member"],
    [{ move: [member(N4)] }, "unknown_member"],
    [{ promote: [N1] }, "not_a_learner"],
    [{ promote: [N3], remove: [N3] }, "not_a_learner"],
    [{ remove: [N1, N2] }, "no_voter_left"],
  ];
  for (const [content, reason] of refusals) assertEquals(next(current, content), reason);
  const joint = path(current, { promote: [N3] })[1]!;
  assertEquals(next(joint, { remove: [N1] }), "change_in_progress");
});

// [M-6]
Deno.test("no two members have one URL, but for one that comes in the other's place", () => {
  const current = configuration([N1, N2, N3]);
  const { url } = member(N2);
  const taken: readonly Partial<MembershipChange>[] = [
    { add: [newcomer(N4, { url })] },
    { add: [newcomer(N4, { url, replaces: N1 })] },
    { move: [{ id: N1, url }] },
    { add: [newcomer(N4)], move: [{ id: N1, url: member(N4).url }] },
  ];
  for (const content of taken) assertEquals(next(current, content), "already_member");
  const free: readonly Partial<MembershipChange>[] = [
    { add: [newcomer(N4, { url, replaces: N2 })] },
    { add: [newcomer(N4, { url })], remove: [N2] },
    { move: [{ id: N1, url }, { id: N2, url: member(N1).url }] },
  ];
  for (const content of free) assert(typeof next(current, content) !== "string");
  const waiting = path(current, { add: [newcomer(N4, { url, replaces: N2 })] })[1]!;
  const other = { ...newcomer("n5" as NodeId, { url, replaces: N2 }) };
  assertEquals(next(waiting, { add: [other] }), "already_member");
});

// [M-5]
Deno.test("a learner is promoted only once it has caught up", () => {
  const current = configuration([N1], [N2, N3]);
  const promote = (ids: readonly NodeId[]) =>
    nextConfiguration(current, change({ promote: ids }), { hasCaughtUp: (id) => id === N2 });
  assertEquals(promote([N3]), "not_caught_up");
  assertEquals(promote([N2, N3]), "not_caught_up");
  assert(typeof promote([N2]) !== "string");
});

Deno.test("a member that has moved keeps everything but its URL", () => {
  const current = configuration([N1, N2], [N3], {
    members: [{ ...member(N1), incarnation: "first" }, member(N2), member(N3)],
  });
  const [, moved] = path(current, { move: [{ id: N1, url: "http://elsewhere" }] });
  assertEquals(moved, {
    ...current,
    members: [{ id: N1, url: "http://elsewhere", incarnation: "first" }, member(N2), member(N3)],
  });
});

// [M-10]
Deno.test("a member is known by its first incarnation for good", () => {
  const current = configuration([N1, N2, N3]);
  const met = withIncarnations(current, new Map([[N1, "a"], [N3, "c"], [N4, "d"]]))!;
  assertEquals(met.members.map(({ incarnation }) => incarnation), ["a", undefined, "c"]);
  assertEquals([met.voters, met.learners], [current.voters, current.learners]);
  assertEquals(withIncarnations(met, new Map([[N1, "other"]])), null);
  assertEquals(withIncarnations(met, new Map()), null);
  const later = withIncarnations(met, new Map([[N1, "other"], [N2, "b"]]))!;
  assertEquals(later.members.map(({ incarnation }) => incarnation), ["a", "b", "c"]);
});
