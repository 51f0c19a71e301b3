/**
 * The rules on who may depose a leader, on who is who and on what is bounded: each is broken once.
 *
 * @module
 */

import type { Envelope, Member, NodeId, Ticket } from "@raftkv/core/raft";
import { DEFAULT_TIMING, DEFAULT_WINDOWS } from "@raftkv/core/raft";
import { refuses, Scene } from "../support/impostors.ts";
import {
  accepted,
  append,
  configurationEntry,
  entries,
  heartbeat,
  heartbeatAnswer,
  members,
  preVote,
  preVoteRequest,
  rejected,
  timeoutNow,
  vote,
  voteRequest,
} from "../support/raft_messages.ts";

const { electionTimeoutMsMax, electionTimeoutMsMin } = DEFAULT_TIMING;

/** A follower in term 3 that has just heard n2 lead. */
function following(): Scene {
  const scene = new Scene();
  scene.start(scene.n1).receive(scene.n1, scene.n2, heartbeat(3));
  return scene;
}

refuses("a pre-vote by one that hears a leader", "I40 no leader is deposed", () => {
  const scene = following();
  scene.n1.clock.monotonicMs = electionTimeoutMsMin - 1;
  scene.receive(scene.n1, scene.n3, preVoteRequest(4, [9, 3])).send(
    preVote(4, true),
    scene.n1,
    "n3",
  );
});

refuses("a pre-vote after a refused append, which is a leader's, too", "I40 no leader", () => {
  const scene = following();
  scene.n1.clock.monotonicMs = electionTimeoutMsMin;
  scene.receive(scene.n1, scene.n2, append(3, { previous: [7, 3] }));
  scene.n1.clock.monotonicMs++;
  scene.receive(scene.n1, scene.n3, preVoteRequest(4, [9, 3])).send(
    preVote(4, true),
    scene.n1,
    "n3",
  );
});

refuses("a vote in a later term by one that hears a leader", "I40 no leader is deposed", () => {
  const scene = following();
  const { n1, n3 } = scene;
  scene.receive(n1, n3, voteRequest(4, [9, 3])).keep(n1, 4, n3.id).send(vote(4, true), n1, "n3");
});

refuses("a term that rises by a vote request against a leader", "I40 no leader is deposed", () => {
  const scene = following();
  const { n1, n3 } = scene;
  scene.receive(n1, n3, voteRequest(4, [9, 3])).keep(n1, 4).step(n1);
});

refuses("a campaign without the pre-votes of a quorum", "I40 no leader is deposed", (scene) => {
  const { n1, n2 } = scene;
  scene.start(n1).receive(n1, n2, preVote(5, true)).keep(n1, 4, n1.id).step(n1);
});

refuses("a leader that gives way though it is answered", "I40 no leader is deposed", (scene) => {
  const { n1, n2 } = scene;
  scene.lead(n1).receive(n1, n2, heartbeatAnswer(3));
  n1.clock.monotonicMs = electionTimeoutMsMax - 1;
  n1.role = "follower";
  scene.step(n1);
});

Deno.test("a leader may be replaced that was not heard, whose link broke, or that asked for it", () => {
  const silent = following();
  silent.n1.clock.monotonicMs = electionTimeoutMsMin;
  silent.receive(silent.n1, silent.n3, preVoteRequest(4, [9, 3]));
  silent.send(preVote(4, true), silent.n1, "n3").vote(
    4,
    silent.keep(silent.n1, 4, "n3" as NodeId).n1,
    "n3",
  );

  const broken = following();
  broken.tell(broken.n1, { kind: "peer_down", peer: broken.n2.id });
  broken.receive(broken.n1, broken.n3, preVoteRequest(4, [9, 3]));
  broken.send(preVote(4, true), broken.n1, "n3");

  const asked = following();
  const { n1, n2, n3 } = asked;
  asked.receive(n1, n3, voteRequest(4, [9, 3], true)).keep(n1, 4, n3.id).step(n1);
  asked.send(vote(4, true), n1, "n3");
  asked.start(n2).receive(n2, n1, timeoutNow(3)).keep(n2, 4, n2.id).step(n2);
});

Deno.test("a node campaigns with a quorum's pre-votes, and follows whatever term it hears", () => {
  const scene = new Scene();
  const { n1, n2 } = scene;
  scene.start(n1).receive(n1, n2, preVote(4, true)).keep(n1, 4, n1.id).step(n1);
  scene.receive(n1, n2, rejected(9, { index: 0, hint: [0, 0] })).keep(n1, 9).step(n1);
});

Deno.test("a leader gives way that is not answered, whose disk hangs, or that votes no more", () => {
  const deposed = (before: (scene: Scene) => void) => {
    const scene = new Scene();
    scene.lead(scene.n1).receive(scene.n1, scene.n2, heartbeatAnswer(3));
    before(scene);
    scene.n1.role = "follower";
    scene.step(scene.n1);
  };
  deposed(({ n1 }) => n1.clock.monotonicMs = electionTimeoutMsMax);
  deposed(({ n1 }) => n1.configuration = { ...members(3), voters: ["n2", "n3"] as NodeId[] });
  deposed(({ n1, observer }) => {
    observer.onWriting(n1, { ticket: 7 as Ticket, hardState: null, entries: [], repairs: [] });
    n1.clock.monotonicMs = electionTimeoutMsMin;
  });
});

refuses("a node that comes back with another directory", "I36 identities: a node", (scene) => {
  scene.start(scene.n1);
  scene.n1.incarnation = "another";
  scene.start(scene.n1);
});

refuses("a directory that comes back under another name", "I36 identities: a node", (scene) => {
  scene.start(scene.n1);
  scene.n2.incarnation = scene.n1.incarnation;
  scene.start(scene.n2);
});

refuses("a link to one with another directory", "I36 identities: whoever links up", (scene) => {
  const { n1, n2 } = scene.start(scene.n1).start(scene.n2);
  scene.tell(n1, { kind: "peer_up", peer: n2.id, incarnation: n2.incarnation });
  scene.tell(n1, { kind: "peer_up", peer: n2.id, incarnation: "another" });
});

/** A configuration in which n1's directory is written down, among others. */
function acquainted(scene: Scene, others: readonly Member[] = members(3).members.slice(1)) {
  const { id, incarnation } = scene.n1;
  const all = [{ id, url: "sim://n1", incarnation }, ...others];
  return { ...members(3), members: all, voters: all.map((member) => member.id) };
}

refuses("a configuration that names a wrong directory", "I36 identities: a conf", (scene) => {
  const { n1 } = scene;
  scene.start(n1).writeEntries(n1, [configurationEntry([1, 3], acquainted(scene))]);
  const wrong = { ...members(3).members[1]!, incarnation: n1.incarnation };
  scene.writeEntries(n1, [configurationEntry([1, 3], acquainted(scene, [wrong]))]);
});

refuses("a new voter of whose directory nothing is known", "I36 identities: nobody", (scene) => {
  const newcomer = { id: "n4" as NodeId, url: "sim://n4" };
  const log = [configurationEntry([1, 3], acquainted(scene, [newcomer]))];
  scene.start(scene.n1).writeEntries(scene.n1, log);
});

refuses("a message in the name of another", "I44 no stranger is heard", (scene) => {
  const { n1, n2, n3 } = scene;
  scene.carry(heartbeat(3), { from: n2, to: n1 }).carry(heartbeat(3), { from: n2, to: n1, as: n3 });
});

refuses("a message that nobody sent", "I44 no stranger is heard", ({ n1, n2, observer }) => {
  observer.onDelivered(n1, n2.id, new Uint8Array(9));
});

refuses("a message that was sent to another", "I44 no stranger is heard", (scene) => {
  const { n1, n2, observer } = scene;
  const bytes = new Uint8Array(9);
  observer.onPosted(n1, n2.id, bytes);
  observer.onDelivered(n2, n1.id, bytes);
  observer.onDelivered(scene.n3, n1.id, bytes);
});

/** Appends of one entry each, that follow on from one another. */
function sendAppends(scene: Scene, from: number, count: number): void {
  for (let index = from; index < from + count; index++) {
    scene.send(append(3, { previous: [index, 3], entries: [3] }));
  }
}

refuses("more appends on their way than the window takes", "I37 windows are bounded", (scene) => {
  const { inFlightMessagesMax } = DEFAULT_WINDOWS;
  sendAppends(scene, 0, inFlightMessagesMax);
  scene.receive(scene.n1, scene.n2, accepted(3, 9));
  sendAppends(scene, inFlightMessagesMax, 10);
});

Deno.test("a window that is acknowledged, or taken for lost, may be filled again", () => {
  const scene = new Scene();
  const { n1, n2 } = scene.lead(scene.n1);
  const { inFlightMessagesMax } = DEFAULT_WINDOWS;
  sendAppends(scene, 0, inFlightMessagesMax);
  scene.receive(n1, n2, accepted(3, 9));
  sendAppends(scene, inFlightMessagesMax, 9);
  scene.receive(n1, n2, heartbeatAnswer(3)).step(n1);
  sendAppends(scene, 20, inFlightMessagesMax);
  scene.receive(n1, n2, rejected(3, { index: 99, hint: [20 + inFlightMessagesMax, 3] }));
  sendAppends(scene, 20 + inFlightMessagesMax, 1);
  scene.receive(n1, n2, heartbeatAnswer(3)).step(n1);
  scene.send(append(3, { previous: [21 + inFlightMessagesMax, 3] }));
  sendAppends(scene, 21 + inFlightMessagesMax, inFlightMessagesMax);
});

/** One entry of so many bytes. */
function large(index: number, bytes: number) {
  return { ...entries(index - 1, [3])[0]!, payload: new Uint8Array(bytes) };
}

refuses("more bytes on their way than the window takes", "I37 windows are bounded", (scene) => {
  const { inFlightBytesMax } = DEFAULT_WINDOWS;
  for (const index of [1, 2]) {
    const message = append(3, { previous: [index - 1, 3] });
    scene.send({ ...message, entries: [large(index, inFlightBytesMax)] });
  }
});

refuses("an append that is too large", "I37 windows are bounded: an append", (scene) => {
  const sizes = [large(1, DEFAULT_WINDOWS.appendBytesMax), large(2, 1)];
  scene.send({ ...append(3, { previous: [0, 0] }), entries: sizes });
});

refuses("a command taken beyond the bound", "I37 uncommitted tails", (scene) => {
  const { n1, observer } = scene.lead(scene.n1);
  const batch = { ticket: 7 as Ticket, hardState: null, repairs: [] };
  observer.onWriting(n1, { ...batch, entries: [large(1, DEFAULT_WINDOWS.uncommittedBytesMax)] });
  observer.onWriting(n1, { ...batch, entries: [large(2, 1)] });
});

refuses("answers that pile up while a disk hangs", "I37 answers that wait", ({ n1, observer }) => {
  const answer = (to: string): Envelope => ({ to: to as NodeId, message: heartbeatAnswer(3) });
  observer.onReleased(n1, [answer("n2"), answer("n3")]);
  observer.onReleased(n1, [answer("n2"), answer("n2")]);
});

refuses(
  "a leader that counts what an earlier term acknowledged",
  "I15 match index: a lead",
  (scene) => {
    const { n1, n2 } = scene.lead(scene.n1);
    scene.receive(n1, n2, accepted(3, 5)).receive(n1, n2, accepted(2, 9));
    scene.send(heartbeat(3, { commit: 5 })).send(heartbeat(3, { commit: 6 }));
  },
);

refuses("an acknowledgement of what was replaced", "I15 match index: what is acknow", (scene) => {
  scene.write(scene.n1, [3]).send(accepted(3, 1)).send(accepted(2, 1));
});
