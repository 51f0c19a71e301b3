/**
 * The rules on what leaders do with their followers: whom they make voters, what they send again, and
 * that they give way when they leave. Each is broken once.
 *
 * @module
 */

import type { LogIndex, Message } from "@raftkv/core/raft";
import { configurationOf, DEFAULT_TIMING } from "@raftkv/core/raft";
import { type Impostor, refuses, Scene } from "../support/impostors.ts";
import {
  accepted,
  append,
  chunk,
  chunkAnswer,
  configurationEntry,
  heartbeat,
  heartbeatAnswer,
  members,
  rejected,
  snapshot,
} from "../support/raft_messages.ts";

const { electionTimeoutMsMin } = DEFAULT_TIMING;

refuses("a removed leader that leads on", "I17 only voters count: a leader whose", (scene) => {
  const { n1, n2, n3 } = scene;
  const others = configurationOf(members(3).members.slice(1));
  for (const node of [n1, n2, n3]) {
    scene.writeEntries(node, [configurationEntry([1, 3], others)]);
  }
  scene.lead(n1);
  n1.configuration = others;
  n1.configurationIndex = 1;
  scene.step(n1, { commitIndex: 1 });
});

/** n1 has committed an entry of its own, and makes n4 a voter after `before`. */
function promote(scene: Scene, before: (scene: Scene, n4: Impostor) => void, behind = 0): void {
  const { n1, n2 } = scene;
  const n4 = scene.join("n4");
  scene.write(n1, [3]).write(n2, [3]).lead(n1);
  const joined = { ...members(4), voters: members(3).voters, learners: [n4.id] };
  n1.configuration = joined;
  scene.step(n1, { commitIndex: 1 });
  before(scene, n4);
  n1.configuration = { ...joined, voters: members(4).voters, votersOutgoing: joined.voters };
  n1.configurationIndex = 2 + behind;
  scene.step(n1);
}

const CAUGHT_UP = "I16 configurations: who comes to vote has caught up";

refuses("a voter that never answered", CAUGHT_UP, (scene) => promote(scene, () => {}));

refuses("a voter that never took an append", CAUGHT_UP, (scene) => {
  promote(scene, ({ n1 }, n4) => {
    scene.receive(n1, n4, heartbeatAnswer(3)).receive(
      n1,
      n4,
      rejected(3, { index: 1, hint: [0, 0] }),
    );
  });
});

refuses("a voter that is not there any more", CAUGHT_UP, (scene) => {
  promote(scene, ({ n1, n2 }, n4) => {
    scene.receive(n1, n4, accepted(3, 1));
    n1.clock.monotonicMs = electionTimeoutMsMin;
    scene.receive(n1, n2, heartbeatAnswer(3));
  });
});

refuses("a voter that lacks too much", CAUGHT_UP, (scene) => {
  promote(scene, ({ n1 }, n4) => scene.receive(n1, n4, accepted(3, 1)), 1_001);
});

refuses("a voter that answered in another term", CAUGHT_UP, (scene) => {
  promote(scene, ({ n1 }, n4) => scene.receive(n1, n4, accepted(2, 1)));
});

Deno.test("a learner that has caught up may come to vote", () => {
  promote(new Scene(), (scene, n4) => {
    scene.receive(scene.n1, n4, accepted(3, 1));
    scene.n1.clock.monotonicMs = electionTimeoutMsMin - 1;
    scene.receive(scene.n1, scene.n2, heartbeatAnswer(3));
  }, 1_000);
});

/** n1 leads, has sent n2 the entries 4 and 5, and n2 has taken 4. */
function feeding(): Scene {
  const scene = new Scene();
  const { n1, n2 } = scene.lead(scene.n1);
  scene.send(append(3, { previous: [3, 3], entries: [3] })).send(
    append(3, { previous: [4, 3], entries: [3] }),
  );
  return scene.receive(n1, n2, accepted(3, 4)).step(n1).step(n1);
}

const LATE = "I47 late answers move nothing: nothing is sent again";

refuses("entries that are sent again after a late refusal", LATE, () => {
  const scene = feeding();
  const { n1, n2 } = scene;
  scene.receive(n1, n2, rejected(3, { index: 3, hint: [0, 0] })).step(n1);
  scene.send(append(3, { previous: [4, 3], entries: [3] }));
});

refuses("entries that are sent again in a later step", LATE, () => {
  const scene = feeding();
  const { n1, n2 } = scene;
  scene.receive(n1, n2, heartbeatAnswer(3)).step(n1).step(n1);
  scene.send(append(3, { previous: [4, 3], entries: [3] }));
});

refuses("a probe that is repeated for a refusal of another", LATE, () => {
  const scene = feeding();
  const { n1, n2 } = scene;
  scene.receive(n1, n2, heartbeatAnswer(3)).step(n1).send(append(3, { previous: [4, 3] }));
  scene.receive(n1, n2, rejected(3, { index: 5, hint: [0, 0] })).step(n1);
  scene.send(append(3, { previous: [4, 3] }));
});

refuses("an append to who is being sent a snapshot", LATE, () => {
  const scene = feeding();
  const { n1, n2 } = scene;
  scene.send(chunk(3, { meta: snapshot([4, 3]) }));
  scene.receive(n1, n2, rejected(3, { index: 5, hint: [0, 0] })).step(n1);
  scene.send(append(3, { previous: [4, 3] }));
});

refuses("what was acknowledged sent again", "I47 late answers move nothing: what was", () => {
  const scene = feeding();
  const { n1, n2 } = scene;
  scene.receive(n1, n2, rejected(3, { index: 5, hint: [0, 0] })).step(n1);
  scene.send(append(3, { previous: [3, 3], entries: [3] }));
});

Deno.test("a leader goes back for a refusal, damage, a link, a lost append, and after a snapshot", () => {
  const again = (before: (scene: Scene) => void, index = 4) => {
    const scene = feeding();
    before(scene);
    scene.step(scene.n1).send(append(3, { previous: [index, 3] }));
  };
  again((scene) => scene.receive(scene.n1, scene.n2, rejected(3, { index: 5, hint: [4, 3] })));
  again((scene) => scene.receive(scene.n1, scene.n2, accepted(3, 4)));
  again((scene) => scene.receive(scene.n1, scene.n2, heartbeatAnswer(3)));
  again((scene) => scene.tell(scene.n1, { kind: "peer_up", peer: scene.n2.id }));
  again((scene) => scene.tell(scene.n1, { kind: "peer_down", peer: scene.n2.id }));
  again((scene) => {
    const damaged = rejected(3, { index: 5, hint: [2, 3], isDamaged: true });
    scene.receive(scene.n1, scene.n2, damaged);
  }, 2);
  again((scene) => {
    scene.send(chunk(3, { meta: snapshot([4, 3]) }));
    const installed = chunkAnswer(3, { index: 4, next: 4, installed: true });
    scene.receive(scene.n1, scene.n2, installed);
  });
  again((scene) => {
    scene.send(chunk(3, { meta: snapshot([4, 3]) }));
    scene.tell(scene.n1, {
      kind: "chunk_read",
      to: scene.n2.id,
      index: 4 as LogIndex,
      chunk: null,
    });
  });
  again((scene) => {
    const { n1, n2 } = scene;
    scene.write(n1, [3]).write(n2, [3]).step(n1, { commitIndex: 1 });
    n1.configuration = configurationOf(members(3).members.filter(({ id }) => id !== n2.id));
    n1.configurationIndex = 1;
    scene.step(n1);
    n1.configuration = members(3);
    n1.configurationIndex = 2;
  }, 0);
});

Deno.test("what a leader counts stays counted, also in what it had on its way when it was deposed", () => {
  const scene = new Scene();
  const { n1, n2 } = scene.lead(scene.n1);
  const deposing = rejected(4, { index: 0, hint: [0, 0] });
  scene.receive(n1, n2, accepted(3, 5)).receive(n1, n2, deposing).keep(n1, 4);
  n1.role = "follower";
  scene.receive(n1, n2, deposing).step(n1).send(heartbeat(3, { commit: 5 }));
});

/** n1 has acknowledged entry 3 to n2, in a step before the present one. */
function promised(message: Message = accepted(3, 3)): Scene {
  const scene = new Scene();
  const { n1 } = scene.write(scene.n1, [3, 3, 3]);
  return scene.step(n1).send(message).step(n1);
}

const KEPT = "I15 match index: what was acknowledged is not refused";

refuses("a follower that has less than it acknowledged", KEPT, () => {
  promised().send(rejected(3, { index: 9, hint: [2, 3] }));
});

refuses("a follower that refuses what it acknowledged", KEPT, () => {
  promised().send(rejected(3, { index: 3, hint: [3, 3] }));
});

refuses("a follower that refuses what it installed", KEPT, () => {
  const installed = chunkAnswer(3, { index: 3, next: 4, installed: true });
  promised(installed).send(rejected(3, { index: 3, hint: [3, 3] }));
});

refuses("a second answer to one message of old", KEPT, () => {
  const scene = promised();
  const refusal = rejected(3, { index: 3, hint: [3, 3] });
  scene.receive(scene.n1, scene.n2, heartbeat(2)).send(refusal).send(refusal);
});

refuses("a refusal of what no message of old asks for", KEPT, () => {
  const scene = promised();
  scene.receive(scene.n1, scene.n2, heartbeat(2)).send(rejected(3, { index: 2, hint: [3, 3] }));
});

refuses("an answer to what came before a crash", KEPT, () => {
  const scene = promised();
  scene.receive(scene.n1, scene.n2, heartbeat(2)).observer.onCrashed(scene.n1.id);
  scene.send(rejected(3, { index: 3, hint: [3, 3] }));
});

Deno.test("a follower answers the leader of old late, when its term is durable or in a later turn", () => {
  const refusal = rejected(3, { index: 3, hint: [3, 3] });
  const early = new Scene();
  early.write(early.n1, [3, 3, 3]).receive(early.n1, early.n2, heartbeat(2)).step(early.n1);
  early.send(accepted(3, 3)).step(early.n1).send(refusal);

  // What is refused besides is no answer to it.
  const late = promised();
  late.receive(late.n1, late.n2, heartbeat(2)).send(rejected(3, { index: 4, hint: [3, 3] }));
  late.send(refusal);
});

Deno.test("a follower refuses what lies beyond, what it lost to damage, another, and the leader of old", () => {
  promised().send(rejected(3, { index: 4, hint: [3, 3] }));
  promised().send(rejected(3, { index: 3, hint: [0, 0], isDamaged: true }));
  promised().send(rejected(3, { index: 3, hint: [2, 3] }), undefined, "n3");
  const again = promised();
  again.receive(again.n1, again.n2, heartbeat(2)).send(rejected(3, { index: 3, hint: [3, 3] }));

  // What was said before may leave after, if both waited for the disk.
  const scene = promised(accepted(3, 1));
  const refusal = { to: scene.n2.id, message: rejected(3, { index: 9, hint: [1, 3] }) };
  scene.send(accepted(3, 3)).send(refusal.message);
  scene.step(scene.n1).observer.onReleased(scene.n1, [refusal]);
  scene.observer.onSent(scene.n1, refusal);
});

/** n1 has sent n2 an entry that n2 says nothing of, for longer than an election timeout. */
function unanswered(): Scene {
  const scene = feeding();
  scene.n1.clock.monotonicMs = electionTimeoutMsMin + 1;
  return scene;
}

refuses("a lost append that is not sent again", "I50 lost appends are sent again", () => {
  const scene = unanswered();
  const { n1, n2 } = scene;
  scene.receive(n1, n2, heartbeatAnswer(3)).step(n1).step(n1);
});

Deno.test("nothing is owed to who is silent, took it all, has just spoken, or may need a snapshot", () => {
  const owesNothing = (before: (scene: Scene) => void) => {
    const scene = unanswered();
    before(scene);
    scene.receive(scene.n1, scene.n2, heartbeatAnswer(3)).step(scene.n1).step(scene.n1);
  };
  const silent = unanswered();
  silent.step(silent.n1).step(silent.n1);
  owesNothing((scene) => scene.receive(scene.n1, scene.n2, accepted(3, 5)));
  owesNothing((scene) =>
    scene.receive(scene.n1, scene.n2, rejected(3, { index: 9, hint: [4, 3] }))
  );
  owesNothing((scene) => scene.tell(scene.n1, { kind: "peer_up", peer: scene.n2.id }));
  owesNothing((scene) => scene.send(chunk(3, { meta: snapshot([4, 3]) })));
  owesNothing((scene) => {
    const { n1, n2 } = scene;
    scene.write(n1, [3, 3, 3, 3]).write(n2, [3, 3, 3, 3]);
    scene.step(n1, { commitIndex: 4, appliedIndex: 4, snapshotIndex: 4 });
  });
  owesNothing(({ n1 }) => n1.clock.monotonicMs = electionTimeoutMsMin);

  const again = unanswered();
  again.receive(again.n1, again.n2, heartbeatAnswer(3)).step(again.n1);
  again.send(append(3, { previous: [4, 3] })).step(again.n1);
});
