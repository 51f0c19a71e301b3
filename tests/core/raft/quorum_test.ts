import { assertEquals } from "@std/assert";
import { type Configuration, isUpToDate, isVoter, type NodeId } from "@raftkv/core/raft";
import { majorityOf, quorumValue, type Tally, tallyOf } from "../../../core/raft/quorum.ts";
import { type Pair, position } from "../../support/raft_messages.ts";
import { subsets, tuples } from "../../support/sets.ts";

const NAMES = ["n1", "n2", "n3", "n4", "n5"].map((name) => name as NodeId);

function configuration(voters: readonly NodeId[], outgoing: readonly NodeId[] = []): Configuration {
  return { members: [], voters, votersOutgoing: outgoing, learners: [], candidates: [] };
}

/** The definition: more than half of the voters are among `who`. */
function isMajority(voters: readonly NodeId[], who: (voter: NodeId) => boolean): boolean {
  return voters.filter(who).length * 2 > voters.length;
}

// [E-9]
Deno.test("a majority is more than half, for one voter to nine", () => {
  for (let count = 1; count <= 9; count++) {
    let slow = 0;
    while (slow * 2 <= count) slow++;
    assertEquals(majorityOf(count), slow);
  }
});

// [E-9]
Deno.test("any two majorities share a voter", () => {
  for (let count = 1; count <= 9; count++) {
    assertEquals(majorityOf(count) * 2 > count, true);
  }
});

// [C-1]
Deno.test("the quorum value is the largest that a majority has reached, for any order of values", () => {
  for (let size = 1; size <= 5; size++) {
    const voters = NAMES.slice(0, size);
    for (const reached of tuples([0, 1, 2, 3], size)) {
      const valueOf = (voter: NodeId) => reached[voters.indexOf(voter)] ?? 0;
      const slow = [0, 1, 2, 3].filter((value) => isMajority(voters, (id) => valueOf(id) >= value));
      assertEquals(quorumValue(configuration(voters), valueOf), Math.max(...slow));
    }
  }
});

// [M-3]
Deno.test("with two joint configurations a value needs a majority of each", () => {
  const some = NAMES.slice(0, 4);
  for (const incoming of subsets(some)) {
    for (const outgoing of subsets(some)) {
      if (incoming.length === 0 || outgoing.length === 0) continue;
      for (const reached of tuples([0, 1, 2], some.length)) {
        const valueOf = (voter: NodeId) => reached[some.indexOf(voter)] ?? 0;
        const slow = [0, 1, 2].filter((value) =>
          [incoming, outgoing].every((half) => isMajority(half, (id) => valueOf(id) >= value))
        );
        assertEquals(quorumValue(configuration(incoming, outgoing), valueOf), Math.max(...slow));
      }
    }
  }
});

// [C-1]
Deno.test("a configuration without voters decides nothing", () => {
  assertEquals(quorumValue(configuration([]), () => 7), -Infinity);
  assertEquals(tallyOf(configuration([]), new Map()), "lost");
});

// [E-9]
Deno.test("a ballot is won, lost or open exactly when the votes say so", () => {
  for (let size = 1; size <= 5; size++) {
    const voters = NAMES.slice(0, size);
    for (const answers of tuples([true, false, undefined], size)) {
      const votes = new Map<NodeId, boolean>();
      voters.forEach((voter, at) => {
        const answer = answers[at];
        if (answer !== undefined) votes.set(voter, answer);
      });
      const won = isMajority(voters, (voter) => votes.get(voter) === true);
      const winnable = isMajority(voters, (voter) => votes.get(voter) !== false);
      const slow: Tally = won ? "won" : winnable ? "open" : "lost";
      assertEquals(tallyOf(configuration(voters), votes), slow);
    }
  }
});

// [E-9] [M-7]
Deno.test("the vote of someone who has none does not count", () => {
  const votes = new Map([[NAMES[0]!, true], [NAMES[3]!, true], [NAMES[4]!, true]]);
  assertEquals(tallyOf(configuration(NAMES.slice(0, 3)), votes), "open");
});

// [M-3]
Deno.test("a node has a vote if either half of the configuration names it", () => {
  const both = configuration([NAMES[0]!], [NAMES[1]!]);
  assertEquals(NAMES.slice(0, 3).map((id) => isVoter(both, id)), [true, true, false]);
});

// [E-2]
Deno.test("the later last term makes a log more up to date, then the greater index (E8)", () => {
  const logs: Pair[] = [];
  for (let index = 0; index <= 4; index++) {
    for (let term = 0; term <= 4; term++) logs.push([index, term]);
  }
  for (const candidate of logs) {
    for (const voter of logs) {
      // The definition by one number: terms weigh more than any index.
      const slow = candidate[1] * 1_000 + candidate[0] >= voter[1] * 1_000 + voter[0];
      assertEquals(isUpToDate(position(candidate), position(voter)), slow);
    }
  }
});
