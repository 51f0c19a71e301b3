import {
  DEFAULT_TIMING,
  type LogIndex,
  type NodeId,
  type Term,
  type Ticket,
} from "@raftkv/core/raft";
import { type Impostor, refuses, Scene } from "../support/impostors.ts";
import {
  accepted,
  configurationEntry,
  entries,
  heartbeat,
  members,
  preVoteRequest,
  snapshot,
  vote,
  voteRequest,
} from "../support/raft_messages.ts";

refuses("two leaders in a term", "I1 election safety", (scene) => {
  const { n1, n2, n3 } = scene;
  scene.lead(n1);
  n3.disk.hardState = { term: 3 as Term, votedFor: n2.id };
  n2.role = "leader";
  scene.step(n2);
});

refuses("a durable vote that changes within its term", "I2 one durable vote", (scene) => {
  scene.keep(scene.n1, 4, "n2" as NodeId).keep(scene.n1, 4, "n3" as NodeId);
});

refuses("a second vote in a term, also after a crash", "I2 one durable vote: one vote", (scene) => {
  const { n1 } = scene;
  n1.disk.hardState = { term: 3 as Term, votedFor: "n2" as NodeId };
  scene.vote(3);
  scene.observer.onCrashed(n1.id);
  n1.disk.hardState = { term: 3 as Term, votedFor: "n3" as NodeId };
  scene.vote(3, n1, "n3");
});

refuses("a vote that is not durable", "I2 one durable vote: a vote is durable", (scene) => {
  scene.vote(3);
});

refuses("a candidate whose own vote is not durable", "I2 one durable vote", (scene) => {
  scene.send(voteRequest(3, [0, 0]));
});

refuses("a durable term that goes back", "I3 durable terms: a durable term", (scene) => {
  scene.keep(scene.n1, 4).keep(scene.n1, 3);
});

refuses("a message of a term that is not durable", "I3 durable terms: no message", (scene) => {
  scene.send(heartbeat(4));
});

refuses("a leader that cuts its own log", "I4 leader append-only", (scene) => {
  scene.write(scene.n1, [3, 3]).lead(scene.n1);
  scene.n1.disk.lastIndex = 1 as LogIndex;
  scene.step(scene.n1);
});

refuses("two logs that differ before an equal entry", "I5 log matching", (scene) => {
  scene.write(scene.n1, [1, 3]).write(scene.n2, [2, 3]);
});

refuses("two entries of one index and term that differ", "I5 log matching", (scene) => {
  const [entry] = entries(0, [3]);
  scene.write(scene.n1, [3]).writeEntries(scene.n2, [{ ...entry!, payload: new Uint8Array(9) }]);
});

refuses("a leader without a committed entry", "I6 leader completeness", (scene) => {
  const { n1, n2, n3 } = scene;
  scene.write(n1, [3]).write(n2, [3]).lead(n1, 1);
  scene.keep(n3, 4, n3.id).lead(n3);
});

refuses("an entry applied that is not committed", "I7 committed prefixes agree", (scene) => {
  scene.write(scene.n1, [3]).apply(scene.n1, scene.n1.log[0]!);
});

refuses("an entry applied that differs from the committed one", "I7 committed", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [3]).write(n2, [3]).lead(n1, 1);
  scene.apply(n2, { ...n2.log[0]!, payload: new Uint8Array(9) });
});

refuses("a disk that replaces a committed entry", "I8 committed for good", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [3]).write(n2, [3]).lead(n1, 1).write(n2, [4]);
});

refuses("a commit that is not on a majority's disks", "I9 commit by quorum", (scene) => {
  scene.write(scene.n1, [3]).lead(scene.n1, 1);
});

refuses(
  "a commit in a joint configuration that a majority of one half lacks",
  "I9 commit by quorum",
  (scene) => {
    const { n1, n2 } = scene;
    const voters = members(1).voters;
    n1.configuration = { ...members(3), voters, votersOutgoing: members(3).voters };
    scene.write(n1, [3]).write(n2, [3]).lead(n1, 1).write(n1, [3, 3]).lead(n1, 2);
  },
);

refuses(
  "a commit that someone else than a leader finds out",
  "I9 commit by quorum: only",
  (scene) => {
    scene.write(scene.n1, [3]).write(scene.n2, [3]).step(scene.n1, { commitIndex: 1 });
  },
);

refuses("a commit of an earlier term's entry by counting", "I10 own term only", (scene) => {
  scene.write(scene.n1, [2]).write(scene.n2, [2]).lead(scene.n1, 1);
});

refuses("a commit index that goes back while a node runs", "I11 commit monotony", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [3, 3]).write(n2, [3, 3]).lead(n1, 2).lead(n1, 1);
});

refuses("a restart that calls committed what its disk lacks", "I11 commit monotony", (scene) => {
  scene.n1.claims = { commitIndex: 1 as LogIndex };
  scene.start(scene.n1);
});

refuses("a node that applies what is not committed", "I12 order of progress: a snap", (scene) => {
  scene.step(scene.n1, { appliedIndex: 1 });
});

refuses("a node whose applied entries become fewer", "I12 order of progress: what is", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [3]).write(n2, [3]).lead(n1, 1);
  scene.step(n1, { appliedIndex: 1 }).step(n1, { appliedIndex: 0 });
});

refuses("a purge of what no snapshot covers", "I12 order of progress: only", (scene) => {
  scene.n1.compactedBelow = 1;
  scene.step(scene.n1);
});

refuses("an entry applied twice", "I12 order of application: entries", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [3]).write(n2, [3]).lead(n1, 1);
  scene.apply(n1, n1.log[0]!).apply(n1, n1.log[0]!);
});

refuses("a command that is left out", "I12 order of application: no command", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [3, 3]).write(n2, [3, 3]).lead(n1, 2).apply(n1, n1.log[1]!);
});

refuses(
  "equal logs with different states",
  "I13 equal states: equal logs give equal st",
  (scene) => {
    const { n1, n2 } = scene;
    const terms = new Array(8).fill(3);
    scene.write(n1, terms).write(n2, terms).lead(n1, 8);
    for (const node of [n1, n2]) {
      for (const entry of node.log) {
        node.stateHash = `${node.id}`;
        scene.apply(node, entry);
      }
    }
  },
);

refuses("equal logs with different snapshots", "I13 equal states", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [3]).write(n2, [3]).lead(n1, 1);
  scene.observer.onSnapshot(n1, snapshot([1, 3]));
  scene.observer.onSnapshot(n2, { ...snapshot([1, 3]), digest: "e".repeat(64) });
});

refuses("a snapshot installed that nobody made", "I13 equal states", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [3]).write(n2, [3]).lead(n1, 1);
  scene.observer.onSnapshot(n1, snapshot([1, 3]));
  scene.observer.onInstalled(n2, { ...snapshot([1, 3]), digest: "e".repeat(64) });
});

refuses("a vote for a log behind the voter's", "I14 votes for what is up to date", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [2, 2]).keep(n1, 3, n2.id);
  scene.receive(n1, n2, voteRequest(3, [1, 2])).send(vote(3, true));
});

refuses("an acknowledgement of another entry than the leader's", "I15 match index", (scene) => {
  const { n1, n2 } = scene;
  scene.write(n1, [3]).lead(n1).write(n2, [2]);
  n2.disk.hardState = { term: 3 as Term, votedFor: null };
  scene.send(accepted(3, 1), n2, "n1");
});

/** A leader of three that has committed in its own term. */
function leading(scene: Scene): Impostor {
  const { n1, n2 } = scene;
  scene.write(n1, [3]).write(n2, [3]).lead(n1, 1);
  return n1;
}

refuses(
  "a change of the membership before the last is committed",
  "I16 configurations: one",
  (scene) => {
    const n1 = leading(scene);
    for (const configurationIndex of [2, 3]) {
      n1.configurationIndex = configurationIndex;
      scene.step(n1);
    }
  },
);

refuses("a change before a commit in the own term", "I16 configurations: a leader", (scene) => {
  const n1 = leading(scene);
  n1.role = "follower";
  scene.step(n1).keep(n1, 4, n1.id).lead(n1, 1);
  n1.configurationIndex = 2;
  scene.step(n1);
});

refuses(
  "a change after which quorums may pass each other by",
  "I16 configurations: any",
  (scene) => {
    const n1 = leading(scene);
    n1.configuration = { ...members(3), voters: ["n1", "n4", "n5"] as NodeId[] };
    n1.configurationIndex = 2;
    scene.step(n1);
  },
);

refuses(
  "a membership that is in the log and not in force",
  "I16 configurations: the last",
  (scene) => {
    const entry = configurationEntry([1, 3], members(1));
    const batch = { ticket: 7 as Ticket, hardState: null, entries: [entry], repairs: [] };
    scene.n1.configuration = members(1);
    scene.observer.onWriting(scene.n1, batch);
    scene.n1.configuration = members(3);
    scene.observer.onWriting(scene.n1, batch);
  },
);

refuses("a restart with an outdated membership", "I16 configurations: the last", (scene) => {
  scene.writeEntries(scene.n1, [configurationEntry([1, 3], members(3))]).start(scene.n1);
});

refuses("a leader elected by too few votes", "I17 only voters count", (scene) => {
  scene.n1.role = "leader";
  scene.keep(scene.n1, 3, scene.n1.id).step(scene.n1);
});

refuses("a leader whose own vote is not durable", "I2 one durable vote: a vote is", (scene) => {
  const { n1 } = scene;
  n1.configuration = members(1);
  n1.role = "leader";
  scene.step(n1);
});

refuses("a leader elected by one that has no vote", "I17 only voters count", (scene) => {
  const { n1, n2 } = scene;
  n1.configuration = { ...members(3), voters: ["n1", "n3"] as NodeId[], learners: [n2.id] };
  scene.lead(n1);
});

refuses("a snapshot of what is not committed", "I18 snapshots: a snapshot ends", (scene) => {
  scene.observer.onSnapshot(scene.n1, snapshot([1, 3]));
});

refuses(
  "a snapshot with another membership than the log's",
  "I18 snapshots: a snapshot holds",
  (scene) => {
    const { n1, n2 } = scene;
    const log = [configurationEntry([1, 3], members(3))];
    scene.writeEntries(n1, log).writeEntries(n2, log).lead(n1, 1);
    scene.observer.onSnapshot(n1, { ...snapshot([1, 3]), configuration: members(1) });
  },
);

refuses("a revision that goes back while a node runs", "I26 revisions: a revision", (scene) => {
  scene.step(scene.n1, { revision: 2 }).step(scene.n1, { revision: 1 });
});

refuses("equal logs with different revisions", "I26 revisions: equal logs", (scene) => {
  scene.step(scene.n1, { revision: 2 }).step(scene.n2, { revision: 3 });
});

Deno.test("the observer has nothing against what is allowed", () => {
  const scene = new Scene();
  const { n1, n2, n3 } = scene;
  scene.send(preVoteRequest(9, [0, 0]));
  scene.write(n1, [3]).keep(n1, 3, n1.id).send(voteRequest(3, [1, 3])).send(accepted(3, 1));
  scene.write(n2, [3]).lead(n1, 1).apply(n1, n1.log[0]!);
  scene.observer.onCrashed(n1.id);
  scene.start(n1).apply(n1, n1.log[0]!);
  scene.write(n3, [3]).keep(n3, 4, n3.id).lead(n3, 1);
  const joint = {
    ...members(3),
    voters: ["n1", "n2"] as NodeId[],
    votersOutgoing: members(3).voters,
  };
  scene.write(n3, [3, 4]).write(n2, [3, 4]).lead(n3, 2);
  n3.configuration = joint;
  n3.configurationIndex = 3;
  scene.step(n3);
});

Deno.test("a leader by late votes in a term that is over owes nothing to later terms", () => {
  const scene = new Scene();
  const { n1, n2, n3 } = scene;
  scene.keep(n3, 3, n3.id).voteFor(n3, n2);
  scene.keep(n1, 4, n1.id).write(n1, [4]).write(n2, [4]).lead(n1, 1);
  n3.role = "leader";
  scene.receive(n3, n2, vote(3, true)).step(n3);
});

Deno.test("a busy leader may commit and be deposed in one step", () => {
  const scene = new Scene();
  const { n1, n2 } = scene;
  scene.write(n1, [3]).write(n2, [3]).lead(n1);
  n1.role = "follower";
  scene.keep(n1, 4).step(n1, { commitIndex: 1 });
});

refuses(
  "a deposed leader that called an entry of an earlier term committed",
  "I10 own term only",
  (scene) => {
    const { n1, n2 } = scene;
    scene.write(n1, [2]).write(n2, [2]).lead(n1);
    n1.role = "follower";
    scene.keep(n1, 4).step(n1, { commitIndex: 1 });
  },
);

Deno.test("a node whose state is lost to damage need not know its membership", () => {
  const scene = new Scene();
  const { n1 } = scene;
  scene.writeEntries(n1, [configurationEntry([1, 3], members(3))]);
  n1.disk.baseIndex = 1 as LogIndex;
  scene.start(n1);
});

Deno.test("a received snapshot may be on the disk before its node has heard of that", () => {
  const scene = new Scene();
  scene.n1.compactedBelow = 5;
  scene.n1.disk.snapshotIndex = 5 as LogIndex;
  scene.step(scene.n1);
});

refuses("a leader that speaks on though its disk ends nothing", "I41", (scene) => {
  const { n1, observer } = scene;
  scene.lead(n1);
  observer.onWriting(n1, { ticket: 7 as Ticket, hardState: null, entries: [], repairs: [] });
  n1.clock.monotonicMs = 3 * DEFAULT_TIMING.electionTimeoutMsMax;
  scene.send(heartbeat(3));
  n1.clock.monotonicMs++;
  scene.send(heartbeat(3));
});

Deno.test("a leader whose disk has ended everything may speak for ever", () => {
  const scene = new Scene();
  const { n1, observer } = scene;
  scene.lead(n1);
  const batch = { ticket: 7 as Ticket, hardState: null, entries: [], repairs: [] };
  observer.onWriting(n1, batch);
  observer.onPersisted(n1, batch);
  n1.clock.monotonicMs = 1_000_000;
  scene.send(heartbeat(3));
});
