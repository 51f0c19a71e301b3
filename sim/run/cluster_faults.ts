/**
 * What operators do to a cluster while everything else goes wrong.
 *
 * @module
 */

import type { SimulatedNode } from "../node.ts";
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

/**
 * Makes a node campaign at once, whoever leads: with a word that only a leader may say. The leader
 * knows nothing of it, so where it may rely on a lease nobody can do that to it.
 */
function campaign(storm: Storm): void {
  const { world, marks } = storm;
  const node = storm.anyUp();
  const status = node?.status() ?? null;
  if (node === null || status === null || world.timing.leaseDriftMs !== undefined) return;
  const { term, leaderId } = status;
  const from = leaderId === null || leaderId === node.id ? storm.anyNode().id : leaderId;
  if (from === node.id) return;
  storm.note(`campaign: ${node.id}`);
  node.step({ kind: "message", from, message: { type: "timeout_now", term } });
  const called = node.status()?.term ?? term;
  if (called === term) return;
  if (world.leaders().some((leader) => leader.term === term)) {
    marks.hit("a node was made to campaign while its leader lived");
  }
  storm.after(world.timing.electionTimeoutMsMin, () => {
    if (node.isLeader && node.status()?.term === called) {
      marks.hit("an election out of the blue was won");
    }
  });
}

/** Lets a node save its state now, whether that is due or not, and let go of log. */
function compact(storm: Storm, node: SimulatedNode<unknown>): void {
  const capture = node.isPaused || !node.saves.isEmpty ? null : node.capture();
  const status = node.status();
  if (capture === null || status === null) return;
  const { index, term } = capture.point.last;
  if (index <= status.snapshotIndex) return;
  // What the own disk does not hold yet could survive a crash in the snapshot, and not in the log.
  if (!node.disk.isCompacted(index) && node.disk.termAt(index) !== term) return;
  storm.note(`compaction: ${node.id} at ${index}`);
  storm.marks.hit("a snapshot was taken out of turn");
  node.saves.add(capture);
}

/** What operators do. */
export const CLUSTER_FAULTS: readonly FaultClass[] = [
  {
    name: "membership",
    what: "nodes join, replace others, begin to vote and leave",
    begin(storm) {
      storm.every(storm.between(2_000, 20_000), () => {
        change(storm);
        // Some operators do not wait for an answer.
        if (storm.random() < 0.2) change(storm);
      });
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
    name: "campaign",
    what: "a node is made to campaign, at any time, while its leader lives",
    begin(storm) {
      storm.every(storm.between(500, 20_000), () => campaign(storm));
    },
  },
  {
    name: "compaction",
    what: "a node, or all of them, saves its state and lets go of log, due or not",
    begin(storm) {
      storm.every(storm.between(50, 10_000), () => {
        const { nodes } = storm.world;
        const some = storm.random() < 0.3 ? nodes : [storm.anyNode()];
        for (const node of some) compact(storm, node);
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
