/**
 * The rules on terms, campaigns and votes beyond safety: who enters a term, may campaign, is refused a
 * vote or splits it. Each is broken once.
 *
 * @module
 */

import type { LogIndex, Message, NodeId, Term, Ticket } from "@raftkv/core/raft";
import { configurationOf, DEFAULT_TIMING } from "@raftkv/core/raft";
import { type Impostor, refuses, Scene } from "../support/impostors.ts";
import {
  accepted,
  append,
  chunk,
  configurationEntry,
  entries,
  heartbeat,
  members,
  preVote,
  preVoteRequest,
  rejected,
  snapshot,
  timeoutNow,
  vote,
  voteRequest,
} from "../support/raft_messages.ts";

const { electionTimeoutMsMin } = DEFAULT_TIMING;

/** Every message that shows a term which somebody is in. */
const LATER: readonly Message[] = [
  rejected(4, { index: 0, hint: [0, 0] }),
  vote(4, false),
  preVote(4, false),
  voteRequest(4, [0, 0]),
  append(4, { previous: [0, 0] }),
  heartbeat(4),
  chunk(4, { meta: snapshot([1, 1]) }),
  timeoutNow(4),
];

for (const message of LATER) {
  refuses(`a node that stays behind a ${message.type}`, "I46 later terms are entered", (scene) => {
    const { n1, n2 } = scene.start(scene.n1).step(scene.n1);
    scene.receive(n1, n2, message).step(n1);
  });
}

refuses("a leader that leads on in spite of a later term", "I46 later terms are", (scene) => {
  const { n1, n2 } = scene.lead(scene.n1);
  scene.receive(n1, n2, rejected(4, { index: 0, hint: [0, 0] })).step(n1);
});

refuses("a leader that is not deposed when it hands over", "I46 later terms are", (scene) => {
  const { n1, n2 } = scene.lead(scene.n1);
  scene.receive(n1, n2, voteRequest(4, [0, 0], true)).step(n1);
});

Deno.test("a term is entered at once, and none that nobody is in or that a leader is kept against", () => {
  const scene = new Scene();
  const { n1, n2, n3 } = scene.lead(scene.n1);
  scene.receive(n1, n3, preVoteRequest(9, [0, 0])).receive(n1, n3, preVote(9, true)).step(n1);
  scene.receive(n1, n3, voteRequest(9, [0, 0])).step(n1);
  scene.start(n2).receive(n2, n1, heartbeat(3)).receive(n2, n3, voteRequest(9, [0, 0])).step(n2);
  scene.receive(n2, n3, append(8, { previous: [0, 0] })).receive(n2, n3, heartbeat(9));
  scene.keep(n2, 9).step(n2);
});

/** A scene whose nodes promise their votes away. */
function withLeases(): Scene {
  return new Scene({ ...DEFAULT_TIMING, leaseDriftMs: 1 });
}

Deno.test("who may have promised its vote away stays in its term, and refuses", () => {
  const scene = withLeases();
  const { n1, n2, n3 } = scene;
  const ask = () => {
    scene.receive(n1, n3, voteRequest(5, [9, 9])).step(n1);
    scene.receive(n1, n3, preVoteRequest(5, [9, 9])).step(n1).send(preVote(4, false), n1, "n3");
  };
  scene.keep(n1, 4).start(n1);
  ask();
  n1.clock.monotonicMs = electionTimeoutMsMin;
  scene.receive(n1, n2, heartbeat(4)).tell(n1, { kind: "peer_down", peer: n2.id });
  ask();
});

refuses("a node that has promised nothing any more, and refuses", "I48 votes are refused", () => {
  const scene = withLeases();
  const { n1, n3 } = scene.start(scene.n1);
  n1.clock.monotonicMs = electionTimeoutMsMin;
  scene.receive(n1, n3, preVoteRequest(4, [0, 0])).send(preVote(3, false), n1, "n3");
});

/** n1 is a learner among three. */
function learning({ n1 }: Scene): Impostor {
  n1.configuration = { ...members(3), voters: ["n2", "n3"] as NodeId[], learners: [n1.id] };
  return n1;
}

/** The members without n1. */
const OTHERS = configurationOf(members(3).members.slice(1));
const withoutN1 = configurationEntry([1, 3], OTHERS);

refuses("a node without a vote that asks for pre-votes", "I17 only voters count: only", (scene) => {
  const n1 = learning(scene);
  scene.start(n1).step(n1).send(preVoteRequest(4, [0, 0]), n1);
});

refuses(
  "a node without a vote that is asked to campaign",
  "I17 only voters count: only",
  (scene) => {
    const n1 = learning(scene);
    scene.start(n1).step(n1).receive(n1, scene.n2, timeoutNow(3)).keep(n1, 4, n1.id);
    n1.role = "candidate";
    scene.step(n1);
  },
);

/** n1 holds the entry that leaves it out, which has just come to be committed. */
function removed(): Scene {
  const scene = new Scene();
  const { n1, n2, n3 } = scene.start(scene.n2);
  for (const node of [n1, n2, n3]) scene.writeEntries(node, [withoutN1]);
  n1.configuration = OTHERS;
  n1.configurationIndex = 1;
  return scene.lead(n2, 1).start(n1);
}

refuses("a removed node that campaigns though it knows", "I17 only voters count: only", () => {
  const scene = removed();
  const { n1 } = scene;
  scene.step(n1, { commitIndex: 1 }).step(n1).send(preVoteRequest(4, [0, 0]), n1);
});

Deno.test("a removed node may campaign until it knows, a new one once it holds that it votes", () => {
  const scene = removed();
  const { n1 } = scene;
  scene.step(n1).step(n1).send(preVoteRequest(4, [0, 0]), n1);

  const added = new Scene();
  const n4 = learning(added);
  const entry = configurationEntry([1, 3], members(3));
  const request = append(3, { previous: [0, 0] });
  added.start(n4).step(n4).receive(n4, added.n2, { ...request, entries: [entry] });
  added.step(n4).send(preVoteRequest(4, [0, 0]), n4);
});

/** n1 has entries of the terms 1 and 2, and hears no leader. */
function free(): Scene {
  const scene = new Scene();
  return scene.write(scene.n1, [1, 2]);
}

refuses("a pre-vote refused to a later log", "I48 votes are refused with cause", () => {
  const scene = free();
  const { n1, n3 } = scene;
  scene.receive(n1, n3, preVoteRequest(4, [1, 3])).send(preVote(3, false), n1, "n3");
});

refuses("a vote refused to a later log", "I48 votes are refused with cause", () => {
  const scene = free();
  const { n1, n3 } = scene;
  scene.receive(n1, n3, voteRequest(4, [1, 3])).keep(n1, 4).send(vote(4, false), n1, "n3");
});

refuses("a vote refused in a hand-over", "I48 votes are refused with cause", () => {
  const scene = free();
  const { n1, n2, n3 } = scene;
  scene.receive(n1, n2, heartbeat(3)).receive(n1, n3, voteRequest(4, [2, 2], true));
  scene.keep(n1, 4).send(vote(4, false), n1, "n3");
});

refuses("a second refusal for one cause", "I48 votes are refused with cause", () => {
  const scene = free();
  const { n1, n3 } = scene;
  scene.receive(n1, n3, preVoteRequest(4, [1, 2])).send(preVote(3, false), n1, "n3");
  scene.receive(n1, n3, preVoteRequest(4, [2, 2])).send(preVote(3, false), n1, "n3");
});

Deno.test("a vote is refused to a log behind, in an earlier term, for a leader, to a second, if alone", () => {
  const preVoteRefused = (before: (scene: Scene) => void, term = 4) => {
    const scene = free();
    before(scene);
    const { n1, n3 } = scene;
    scene.receive(n1, n3, preVoteRequest(term, [2, 2])).send(preVote(3, false), n1, "n3");
  };
  preVoteRefused((scene) => scene.write(scene.n1, [1, 2, 2]));
  preVoteRefused((scene) => scene.write(scene.n1, [3]));
  preVoteRefused(() => {}, 3);
  preVoteRefused(({ n1 }) => n1.role = "leader");
  preVoteRefused((scene) => scene.receive(scene.n1, scene.n2, heartbeat(3)));
  preVoteRefused(({ n1 }) => n1.configuration = members(1));
  // What the disk has not ended yet may be anything.
  preVoteRefused(({ n1, observer }) => {
    observer.onWriting(n1, { ticket: 7 as Ticket, hardState: null, entries: [], repairs: [] });
  });
  preVoteRefused((scene) => scene.step(scene.n1, { lastIndex: 3 }));

  const scene = free();
  const { n1, n2, n3 } = scene;
  scene.receive(n1, n2, voteRequest(4, [2, 2])).keep(n1, 4, n2.id).send(vote(4, true));
  scene.receive(n1, n3, voteRequest(4, [2, 2])).send(vote(4, false), n1, "n3");
  scene.receive(n1, n3, voteRequest(2, [9, 9])).send(vote(4, false), n1, "n3");
});

refuses(
  "a pre-candidate that encourages its rival and goes on",
  "I49 votes are not split",
  (scene) => {
    const { n1, n2 } = scene.start(scene.n2);
    n2.role = "pre_candidate";
    scene.step(n2).receive(n2, n1, preVoteRequest(4, [0, 0])).step(n2).send(
      preVote(4, true),
      n2,
      "n1",
    );
  },
);

/** n1 is a candidate, and is told that the link to n2 is up. */
function campaigning(): Scene {
  const scene = new Scene();
  const { n1, n2 } = scene.start(scene.n1);
  n1.role = "candidate";
  return scene.keep(n1, 3, n1.id).step(n1).tell(n1, { kind: "peer_up", peer: n2.id }).step(n1);
}

refuses("a candidate that does not ask again", "I49 votes are not split", () => {
  const scene = campaigning();
  scene.send(voteRequest(3, [0, 0]), scene.n1, "n3").step(scene.n1);
});

Deno.test("who steps back, has the earlier id, asked again or need not splits no vote", () => {
  const back = new Scene();
  const { n1, n2, n3 } = back.start(back.n2);
  n2.role = "pre_candidate";
  back.step(n2).receive(n2, n3, preVoteRequest(4, [0, 0])).step(n2).send(
    preVote(4, true),
    n2,
    "n3",
  );
  back.receive(n2, n1, preVoteRequest(4, [0, 0]));
  n2.role = "follower";
  back.step(n2).send(preVote(4, true), n2, "n1");

  const again = campaigning();
  again.send(voteRequest(3, [0, 0])).step(again.n1);
  again.receive(again.n1, again.n2, vote(3, true));
  again.tell(again.n1, { kind: "peer_up", peer: again.n2.id }).step(again.n1).step(again.n1);

  const over = campaigning();
  over.n1.role = "pre_candidate";
  over.step(over.n1);

  const busy = campaigning();
  const batch = { ticket: 7 as Ticket, hardState: null, entries: [], repairs: [] };
  busy.observer.onWriting(busy.n1, batch);
  busy.tell(busy.n1, { kind: "peer_up", peer: busy.n3.id });
  busy.send(voteRequest(3, [0, 0])).step(busy.n1).step(busy.n1);
  busy.tell(busy.n1, { kind: "persisted", ticket: batch.ticket }).step(busy.n1);
  busy.send(voteRequest(3, [0, 0]), busy.n1, "n3").step(busy.n1);
});

refuses(
  "an acknowledgement of an earlier term",
  "I19 durable before promised: no promise",
  (scene) => {
    const { n1 } = scene;
    scene.write(n1, [3]).keep(n1, 4).send(accepted(3, 1));
  },
);

refuses("a promise that a batch of a later term lets go", "I19 durable before promised: no", () => {
  const { n1, observer } = held(4);
  observer.onReleased(n1, [{ to: "n2" as NodeId, message: accepted(3, 1) }]);
});

/** n1 gives its disk a batch in this term. */
function held(term: number): Scene {
  const scene = new Scene();
  scene.write(scene.n1, [3]).keep(scene.n1, term);
  const batch = { ticket: 7 as Ticket, hardState: null, entries: [], repairs: [] };
  scene.observer.onWriting(scene.n1, batch);
  return scene;
}

Deno.test("what left with a batch was of its term, whatever its node has heard since", () => {
  const { n1, observer } = held(3);
  const envelope = { to: "n2" as NodeId, message: accepted(3, 1) };
  n1.disk.hardState = { term: 4 as Term, votedFor: null };
  observer.onReleased(n1, [envelope]);
  observer.onSent(n1, envelope);
});

/** n1 is asked for its vote by n3, whose log ends with entry 2, and has a snapshot of 5 installed. */
function installing(
  inWhichOrder: (steps: Record<"ask" | "install" | "hear", () => void>) => void,
): Scene {
  const scene = new Scene();
  const { n1, n3, observer } = scene.write(scene.n1, [1, 1]);
  inWhichOrder({
    ask: () => scene.receive(n1, n3, voteRequest(4, [2, 1])),
    install: () => {
      n1.log = entries(0, [1, 1, 2, 2, 2]);
      n1.disk.lastIndex = 5 as LogIndex;
      observer.onInstalled(n1, snapshot([5, 2]));
    },
    hear: () => scene.tell(n1, { kind: "installed", meta: snapshot([5, 2]), ok: true }),
  });
  return scene.keep(n1, 4, n3.id).send(vote(4, true), n1, "n3");
}

Deno.test("a vote waits for a snapshot that is being installed, and is as good as when it was given", () => {
  installing(({ ask, install }) => {
    ask();
    install();
  });
  installing(({ ask, install }) => {
    install();
    ask();
  });
});

refuses("a vote for a log behind a snapshot that its voter knows of", "I14 votes for what", () => {
  installing(({ ask, hear, install }) => {
    install();
    hear();
    ask();
  });
});
