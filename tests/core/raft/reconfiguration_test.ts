/**
 * The leader's side of a change of the membership, and what every node makes of configurations in its
 * log. Letters and numbers in brackets name known bugs of other systems.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  type Configuration,
  configurationOf,
  type MembershipChange,
  type NodeId,
} from "@raftkv/core/raft";
import { RaftBench } from "../../support/raft_bench.ts";
import {
  accepted,
  append,
  chunk,
  configurationEntry,
  heartbeatAnswer,
  members,
  preVote,
  rejected,
  snapshot,
  vote,
} from "../../support/raft_messages.ts";

const id = (name: string) => name as NodeId;
const newcomer = (name: string) => ({
  id: id(name),
  url: `sim://${name}`,
  votes: true,
  replaces: null,
});

function request(bench: RaftBench, content: Partial<MembershipChange>, expected?: number) {
  const change = { add: [], remove: [], promote: [], move: [], ...content };
  const result = bench.node.changeMembership(change, expected ?? null);
  bench.drain().sync();
  return result.kind === "refused" ? result.reason : result.kind;
}

/** Every peer holds the whole log. */
function acknowledge(bench: RaftBench, ...peers: string[]): RaftBench {
  for (const peer of peers) bench.receive(peer, accepted(bench.node.term, bench.node.lastIndex));
  return bench.drain().sync();
}

/** A leader in term 2 whose no-op at 1 is committed. */
function leader(size = 3): RaftBench {
  const bench = new RaftBench({ term: 1, size }).becomeLeader().sync();
  return acknowledge(bench, ...members(size).voters.slice(1)).quiet();
}

function roles({ configuration }: RaftBench["node"]): string {
  const { voters, votersOutgoing, learners } = configuration;
  return [voters, votersOutgoing, learners].map((ids) => ids.join(" ")).join("|");
}

/** The change of three voters to n1, n4 and n5 as a predecessor left it half done. */
const JOINT: Configuration = {
  ...configurationOf(members(5).members),
  voters: ["n1", "n4", "n5"].map(id),
  votersOutgoing: ["n1", "n2", "n3"].map(id),
};

/** A node that finds the joint configuration at the end of its log. */
function amidChange(): RaftBench {
  return new RaftBench({ term: 1, stored: [configurationEntry([1, 1], JOINT)] });
}

/** Wins the votes of n2 and n4, one of each half. */
function elected(bench: RaftBench): RaftBench {
  bench.wait(2_100);
  for (const peer of ["n2", "n4"]) bench.receive(peer, preVote(2, true));
  bench.sync();
  for (const peer of ["n2", "n4"]) bench.receive(peer, vote(2, true));
  return bench.sync();
}

// [M-2]
Deno.test("a leader takes no change before it has committed an entry of its own (M1)", () => {
  const bench = new RaftBench({ term: 1 }).becomeLeader().sync();
  assertEquals(request(bench, { remove: [id("n3")] }), "change_in_progress");
  acknowledge(bench, "n2");
  assertEquals(request(bench, { remove: [id("n3")] }), "appended");
});

// [M-2]
Deno.test("a leader that finds a predecessor's change takes no other before that is done (M1)", () => {
  const bench = elected(amidChange());
  assertEquals(bench.node.role, "leader");
  assertEquals(request(bench, { remove: [id("n5")] }), "change_in_progress");
});

// [M-2] [M-6]
Deno.test("one change at a time, and only on the configuration that the caller has seen", () => {
  const bench = leader();
  assertEquals(request(bench, { add: [newcomer("n4")] }, 1), "configuration_changed");
  assertEquals(request(bench, { add: [newcomer("n4")] }, 0), "appended");
  assertEquals(request(bench, { add: [newcomer("n5")] }), "change_in_progress");
  acknowledge(bench, "n2");
  assertEquals(request(bench, { add: [newcomer("n5")] }, 0), "configuration_changed");
  assertEquals(request(bench, { add: [newcomer("n5")] }, 2), "appended");
});

// [M-6]
Deno.test("nobody but a leader takes a change, and none who is handing over", () => {
  assertEquals(request(new RaftBench({ term: 1 }), { remove: [id("n2")] }), "not_leader");
  const bench = leader();
  assert(bench.node.transferLeadership(id("n2")));
  assertEquals(request(bench, { remove: [id("n3")] }), "handing_over");
});

// [M-1]
Deno.test("a candidate counts by the configuration in its log, applied or not (M2)", () => {
  const bench = amidChange().wait(2_100);
  bench.receive("n2", preVote(2, true)).receive("n3", preVote(2, true)).sync();
  assertEquals(bench.node.role, "pre_candidate");
  bench.receive("n4", preVote(2, true)).sync();
  assertEquals(bench.node.role, "candidate");
  bench.receive("n4", vote(2, true)).receive("n5", vote(2, true));
  assertEquals(bench.node.role, "candidate");
  bench.receive("n2", vote(2, true));
  assertEquals(bench.node.role, "leader");
});

// [M-3]
Deno.test("in a joint configuration an entry needs both majorities (R11)", () => {
  const bench = leader(3);
  request(bench, { remove: [id("n2"), id("n3")] });
  assertEquals(roles(bench.node), "n1|n1 n2 n3|");
  assertEquals(bench.node.commitIndex as number, 1);
  acknowledge(bench, "n2");
  assertEquals(roles(bench.node), "n1||");
  assertEquals([bench.node.commitIndex, bench.node.lastIndex] as number[], [3, 3]);
});

// [M-4]
Deno.test("a new leader finishes the change that its predecessor began (M3)", () => {
  const bench = elected(amidChange());
  acknowledge(bench, "n2", "n4");
  assertEquals(roles(bench.node), "n1 n4 n5||");
  acknowledge(bench, "n4");
  assert(bench.node.isConfigurationCommitted);
  assertEquals(bench.node.peers.map((peer) => peer.id as string), ["n4", "n5"]);
});

// [M-5]
Deno.test("a learner that never answered is not promoted (M7)", () => {
  const bench = leader();
  request(bench, { add: [{ ...newcomer("n4"), votes: false }] });
  acknowledge(bench, "n2");
  assertEquals(request(bench, { promote: [id("n4")] }), "not_caught_up");
  acknowledge(bench, "n4");
  assertEquals(request(bench, { promote: [id("n4")] }), "appended");
});

// [M-5]
Deno.test("a learner that has gone silent, or is far behind, is not promoted (M7)", () => {
  const bench = leader();
  request(bench, { add: [{ ...newcomer("n4"), votes: false }] });
  acknowledge(bench, "n2", "n4");
  for (let waited = 0; waited < 1_100; waited += 50) {
    for (const peer of ["n2", "n3"]) bench.receive(peer, heartbeatAnswer(bench.node.term));
    bench.wait(50);
  }
  assertEquals(request(bench, { promote: [id("n4")] }), "not_caught_up");
  bench.receive("n4", heartbeatAnswer(bench.node.term));
  const entry = () => bench.node.propose(new Uint8Array(1));
  for (let count = 0; count < 1_001; count++) entry();
  assertEquals(request(bench, { promote: [id("n4")] }), "not_caught_up");
  bench.receive("n4", accepted(bench.node.term, 3)).drain().sync();
  assertEquals(request(bench, { promote: [id("n4")] }), "appended");
});

// [M-6]
Deno.test("a change is refused whose voters would not answer: it could never be finished", () => {
  const bench = leader();
  for (let waited = 0; waited < 1_100; waited += 50) {
    bench.receive("n2", heartbeatAnswer(bench.node.term)).wait(50);
  }
  assertEquals(request(bench, { remove: [id("n2")] }), "voters_unreachable");
  assertEquals(request(bench, { remove: [id("n1")] }), "voters_unreachable");
  assertEquals(request(bench, { add: [newcomer("n4")] }), "appended");
  acknowledge(bench, "n2").quiet();
  assertEquals(request(bench, { remove: [id("n3")] }), "appended");
});

// [M-5]
Deno.test("a candidate votes as soon as it has caught up, and no sooner", () => {
  const bench = leader();
  request(bench, { add: [newcomer("n4")] });
  acknowledge(bench, "n2");
  assertEquals(roles(bench.node), "n1 n2 n3||n4");
  bench.receive("n4", rejected(bench.node.term, { index: 2, hint: [0, 0] }));
  assertEquals(roles(bench.node), "n1 n2 n3||n4");
  acknowledge(bench, "n4");
  assertEquals(roles(bench.node), "n1 n2 n3 n4|n1 n2 n3|");
  acknowledge(bench, "n2", "n4");
  assertEquals(roles(bench.node), "n1 n2 n3 n4||");
});

// [S-7]
Deno.test("an installed snapshot brings its configuration, and the log after it counts on (M11)", () => {
  const meta = { ...snapshot([5, 1]), configuration: members(2) };
  const later = configurationEntry([6, 1], members(1));
  const bench = new RaftBench({ term: 1, snapshot: meta, stored: [later] });
  assertEquals(roles(bench.node), "n1||");
  const old = configurationEntry([4, 1], members(5));
  const after = new RaftBench({ term: 1, snapshot: meta, base: [3, 1], stored: [old] });
  assertEquals(roles(after.node), "n1 n2||");
});

// [S-7]
Deno.test("a follower that receives a snapshot takes its configuration over (M11)", () => {
  const meta = { ...snapshot([9, 2]), configuration: members(5) };
  const bench = new RaftBench({ term: 2, log: [1] });
  bench.receive("n2", chunk(2, { meta }));
  bench.node.onChunkStaged(id("n2"), { meta, nextOffsetBytes: meta.sizeBytes });
  bench.drain().node.onInstalled({ meta, ok: true });
  bench.drain();
  assertEquals(roles(bench.node), "n1 n2 n3 n4 n5||");
  assertEquals(bench.node.configurationIndex as number, 9);
});

// [M-1]
Deno.test("a follower whose configuration is overwritten returns to the one before", () => {
  const bench = new RaftBench({ term: 1, log: [1] });
  const request = append(1, { previous: [1, 1], entries: [1] });
  bench.receive("n2", { ...request, entries: [configurationEntry([2, 1], members(5))] });
  assertEquals(roles(bench.node), "n1 n2 n3 n4 n5||");
  bench.receive("n3", append(2, { previous: [1, 1], entries: [2] }));
  assertEquals(roles(bench.node), "n1 n2 n3||");
});

// [M-8]
Deno.test("a leader that removes itself leads until that is committed, then hands over (M12)", () => {
  const bench = leader();
  request(bench, { remove: [id("n1")] });
  acknowledge(bench, "n2");
  assertEquals(roles(bench.node), "n2 n3|n1 n2 n3|");
  acknowledge(bench, "n3");
  assertEquals([roles(bench.node), bench.node.role], ["n2 n3||", "leader"]);
  bench.quiet().receive("n2", accepted(2, 3));
  assertEquals([bench.node.role, bench.node.isConfigurationCommitted], ["leader", false]);
  bench.receive("n3", accepted(2, 3));
  assertEquals(bench.node.isConfigurationCommitted, true);
  assertEquals(bench.node.role, "follower");
  const told = bench.take().filter((line) => !line.includes("append"));
  assertEquals(told.slice(-2), [
    "n2 <- heartbeat_request t2 commit=3 round=0",
    "n2 <- timeout_now t2",
  ]);
});

// [M-8]
Deno.test("a leader that removes itself hands over to the voter that is furthest along", () => {
  const bench = leader(5);
  request(bench, { remove: [id("n1")] });
  acknowledge(bench, "n2", "n3", "n4");
  assertEquals(roles(bench.node), "n2 n3 n4 n5||");
  bench.quiet();
  acknowledge(bench, "n5", "n4", "n3");
  assertEquals(bench.node.role, "follower");
  assertEquals(bench.take().at(-1), "n3 <- timeout_now t2", "n2 lacks the last entry");
});

// [M-8]
Deno.test("a leader that removes itself hands over to no learner, however far along it is", () => {
  const bench = leader();
  request(bench, { add: [{ ...newcomer("n4"), votes: false }] });
  acknowledge(bench, "n2", "n3", "n4");
  request(bench, { remove: [id("n1")] });
  acknowledge(bench, "n2", "n3");
  assertEquals(roles(bench.node), "n2 n3||n4");
  const { lastIndex } = bench.node;
  bench.node.propose(new Uint8Array(8));
  bench.drain().sync();
  acknowledge(bench, "n4");
  for (const peer of ["n2", "n3"]) bench.receive(peer, accepted(2, lastIndex));
  assertEquals(bench.node.role, "follower");
  assertEquals(bench.take().at(-1), "n2 <- timeout_now t2");
});

// [M-9]
Deno.test("a removed node hears of its removal before the leader forgets it", () => {
  const bench = leader();
  request(bench, { remove: [id("n3")] });
  acknowledge(bench, "n2", "n3");
  acknowledge(bench, "n3");
  assertEquals(bench.node.peers.map((peer) => peer.id as string), ["n2", "n3"]);
  bench.quiet();
  acknowledge(bench, "n2");
  assert(bench.take().includes("n3 <- heartbeat_request t2 commit=3 round=0"));
  assertEquals(bench.node.peers.map((peer) => peer.id as string), ["n2"]);
  assertEquals(bench.wait(1_000).take().filter((line) => line.startsWith("n3")), []);
});

// [M-7]
Deno.test("a node without a vote never campaigns", () => {
  const configuration = configurationOf(members(3).members.slice(1));
  const bench = new RaftBench({ term: 1, snapshot: { ...snapshot([1, 1]), configuration } });
  bench.wait(10_000);
  assertEquals([bench.node.role, bench.node.term as number], ["follower", 1]);
});

// [M-10]
Deno.test("a leader writes down which life of its directory each member is in", () => {
  const bench = new RaftBench({ term: 1, incarnation: "a" });
  bench.node.onPeerUp(id("n2"), "b");
  bench.becomeLeader().sync();
  const known = () => bench.node.configuration.members.map(({ incarnation }) => incarnation);
  assertEquals(known(), [undefined, undefined, undefined]);
  acknowledge(bench, "n2");
  assertEquals(known(), ["a", "b", undefined]);
  bench.node.onPeerUp(id("n3"), "c");
  bench.node.onPeerUp(id("n3"), "another, before the first is written down");
  acknowledge(bench, "n2");
  assertEquals(known(), ["a", "b", "c"]);
  bench.node.onPeerUp(id("n2"), "other");
  acknowledge(bench, "n2");
  acknowledge(bench, "n2");
  assertEquals(known(), ["a", "b", "c"]);
});

// [M-10]
Deno.test("nobody begins to vote before it is written down which directory it has", () => {
  const bench = leader(1);
  request(bench, { add: [{ ...newcomer("n2"), votes: false }] });
  const add = bench.node.lastIndex;
  // It links up, catches up and is promoted before the leader has come to write anything down.
  bench.node.onPeerUp(id("n2"), "b");
  bench.node.step(id("n2"), rejected(bench.node.term, { index: add - 1, hint: [0, 0] }));
  bench.node.step(id("n2"), accepted(bench.node.term, add));
  const change = { add: [], remove: [], promote: [id("n2")], move: [] };
  assertEquals(bench.node.changeMembership(change, null).kind, "appended");
  assertEquals(roles(bench.node), "n1 n2|n1|");
  assertEquals(bench.node.configuration.members.map(({ incarnation }) => incarnation), [
    undefined,
    "b",
  ]);
});
