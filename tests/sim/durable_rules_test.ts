/**
 * The rule on what may be promised of the disk (I19): it is broken once in each way.
 *
 * @module
 */

import type { LogIndex } from "@raftkv/core/raft";
import { refuses } from "../support/impostors.ts";
import { accepted, chunkAnswer, voteRequest } from "../support/raft_messages.ts";

refuses("an acknowledgement of what is not durable", "I19 durable before promised", (scene) => {
  scene.write(scene.n1, [3]).send(accepted(3, 2));
});

refuses(
  "a candidate that boasts of what is not durable",
  "I19 durable before promised",
  (scene) => {
    scene.keep(scene.n1, 3, scene.n1.id).send(voteRequest(3, [1, 2]));
  },
);

refuses("an installed snapshot that is not durable", "I19 durable before promised", (scene) => {
  scene.send(chunkAnswer(3, { index: 5, next: 0, installed: true }));
});

refuses(
  "an acknowledgement of what is lost",
  "I19 durable before promised: nothing lost",
  (scene) => {
    const { n1, n2 } = scene;
    scene.write(n1, [3, 3, 3]).write(n2, [3, 3, 3]);
    n2.disk.isLost = (index: LogIndex) => index === 2;
    scene.send(accepted(3, 3), n2, "n1");
  },
);

refuses("a candidate that lost entries", "I19 durable before promised: who lost", (scene) => {
  const { n1 } = scene;
  scene.write(n1, [3, 3, 3]).keep(n1, 3, n1.id);
  n1.disk.isLost = (index: LogIndex) => index === 2;
  scene.send(voteRequest(3, [3, 3]));
});
