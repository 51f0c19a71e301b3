/**
 * What operators do to a cluster while everything else goes wrong.
 *
 * @module
 */

import type { Configuration, NodeId } from "@raftkv/core/raft";
import type { FaultClass, Storm, World } from "./fault.ts";
import { mayLose } from "./losses.ts";

/** The newest leader and the members it knows, or null if nobody leads. */
function inForce(world: World): { leader: NodeId; members: Configuration } | null {
  const [leader] = world.leaders();
  const members = leader === undefined ? null : world.node(leader.id).configuration;
  return leader === undefined || members === null ? null : { leader: leader.id, members };
}

/** Most members and newcomers there may be; more only slow a run down. */
const NODES_MAX = 12;

/** Asks the leader for a random change. */
function change(storm: Storm): void {
  const { world } = storm;
  const found = inForce(world);
  if (found === null) return;
  const { leader, members } = found;
  const some = storm.oneOf(members.members).id;
  const dice = storm.random();
  if (dice < 0.5 && members.members.length < 7 && world.nodes.length < NODES_MAX) {
    const votes = storm.random() < 0.8;
    const replaces = votes && storm.random() < 0.5 && members.voters.includes(some) ? some : null;
    join(storm, { votes, replaces });
  } else if (dice < 0.8) {
    storm.note(`membership: remove ${some}`);
    world.changeMembership(leader, { remove: [some] });
  } else {
    const promote = members.learners.slice(0, 1);
    const remove = promote.includes(some) ? [] : [some];
    storm.note(`membership: promote ${promote}, remove ${remove}`);
    world.changeMembership(leader, { promote, remove });
  }
}

/** A new node comes, and the leader is asked to take it in. */
function join(
  storm: Storm,
  role: { readonly votes: boolean; readonly replaces: NodeId | null },
): void {
  const { world } = storm;
  const id = world.addNode();
  storm.note(`membership: ${id} comes${role.replaces === null ? "" : ` for ${role.replaces}`}`);
  world.start(id);
  const ask = () => {
    const found = inForce(world);
    const isDone = found?.members.members.some((member) => member.id === id);
    if (isDone) return;
    // Whoever is to be replaced may have left by another change meanwhile.
    const replaces = found?.members.voters.includes(role.replaces as NodeId) ? role.replaces : null;
    if (found !== null) {
      world.changeMembership(found.leader, { add: [{ ...world.member(id), ...role, replaces }] });
    }
    storm.after(2_000, ask);
  };
  ask();
}

/** What operators do. */
export const CLUSTER_FAULTS: readonly FaultClass[] = [
  {
    name: "membership",
    what: "nodes join, replace others, begin to vote and leave",
    begin(storm) {
      storm.every(storm.between(2_000, 20_000), () => change(storm));
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
        if (storm.world.nodes.length >= NODES_MAX || !mayLose(storm.world, id)) return;
        storm.note(`wipe: ${id}`);
        storm.world.lose(id);
        join(storm, { votes: true, replaces: id });
      });
    },
  },
];
