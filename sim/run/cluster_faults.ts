/**
 * What operators do to a cluster while everything else goes wrong.
 *
 * @module
 */

import type { FaultClass, Storm } from "./fault.ts";
import { mayLeave, mayLose } from "./losses.ts";
import { inForce, join, MEMBERS_MAX, NODES_MAX, request, retire } from "./operator.ts";

/** Asks the leader for a random change. */
function change(storm: Storm): void {
  const { world } = storm;
  const found = inForce(world);
  if (found === null) return;
  const { members } = found;
  const some = storm.oneOf(members.members).id;
  const dice = storm.random();
  if (dice < 0.5 && members.members.length < MEMBERS_MAX && world.nodes.length < NODES_MAX) {
    const votes = storm.random() < 0.8;
    const replaces = votes && storm.random() < 0.5 && members.voters.includes(some) ? some : null;
    join(storm, { votes, replaces });
    return;
  }
  const promote = dice < 0.8 ? [] : members.learners.slice(0, 1);
  const remove = promote.includes(some) || !mayLeave(storm, some, members) ? [] : [some];
  storm.note(`membership: promote ${promote}, remove ${remove}`);
  request(storm, found, { promote, remove });
}

/** What operators do. */
export const CLUSTER_FAULTS: readonly FaultClass[] = [
  {
    name: "membership",
    what: "nodes join, replace others, begin to vote and leave",
    begin(storm) {
      storm.every(storm.between(2_000, 20_000), () => change(storm));
      storm.every(5_000, () => retire(storm));
    },
  },
  {
    name: "transfer",
    what: "the leadership is handed over",
    begin(storm) {
      storm.every(storm.between(1_000, 20_000), () => {
        const node = storm.anyUp();
        const target = storm.random() < 0.5 ? null : storm.anyNode().id;
        node?.step({ kind: "transfer_leadership", target });
      });
    },
  },
  {
    name: "wipe",
    what: "a disk is lost for good, and a new node takes its node's place",
    begin(storm) {
      storm.every(storm.between(10_000, 60_000), () => {
        const { id } = storm.anyNode();
        if (storm.world.nodes.length >= NODES_MAX || !mayLose(storm, id)) return;
        storm.note(`wipe: ${id}`);
        storm.world.lose(id);
        join(storm, { votes: true, replaces: id });
      });
    },
  },
];
