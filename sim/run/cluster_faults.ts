/**
 * What operators do to a cluster while everything else goes wrong.
 *
 * @module
 */

import type { Configuration, MembershipChange, NodeId } from "@raftkv/core/raft";
import type { FaultClass, Storm, World } from "./fault.ts";
import { mayLeave, mayLose } from "./losses.ts";

/** The newest leader and the members it knows, or null if nobody leads. */
function inForce(world: World): InForce | null {
  const [leader] = world.leaders();
  if (leader === undefined) return null;
  const { configuration, configurationIndex } = world.node(leader.id);
  if (configuration === null || configurationIndex === null) return null;
  return { leader: leader.id, members: configuration, index: configurationIndex };
}

interface InForce {
  readonly leader: NodeId;
  readonly members: Configuration;
  readonly index: number;
}

/** Most members, and most members and newcomers that ever were: more only slow a run down. */
const MEMBERS_MAX = 7;
const NODES_MAX = 12;

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

/** Asks for a change of exactly what was seen, and remembers who may leave until there is an answer. */
function request(
  { world, state }: Storm,
  { leader, index }: InForce,
  change: Partial<MembershipChange>,
): void {
  const { remove = [], add = [] } = change;
  const leaving = [...remove, ...add.flatMap(({ replaces }) => replaces ?? [])];
  for (const id of leaving) state.leaving.add(id);
  world.changeMembership(leader, change, {
    expectedIndex: index,
    onEnd: () => {
      for (const id of leaving) state.leaving.delete(id);
    },
  });
}

/** Turns off for good who has left, now and then: some go on asking for votes for long. */
function retire(storm: Storm): void {
  const { world } = storm;
  const found = inForce(world);
  if (found === null || !world.node(found.leader).isConfigurationCommitted) return;
  for (const { id, isUp, lastConfiguration } of world.nodes) {
    const wasMember = lastConfiguration.members.some((member) => member.id === id);
    const isMember = found.members.members.some((member) => member.id === id);
    if (!isUp || isMember || !wasMember || storm.random() < 0.5) continue;
    storm.note(`membership: ${id} is turned off`);
    world.lose(id);
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
    if (found?.members.members.some((member) => member.id === id)) return;
    storm.after(2_000, ask);
    if (found === null) return;
    // Whoever is to be replaced may have left by another change meanwhile.
    const replaces = found.members.voters.includes(role.replaces as NodeId) ? role.replaces : null;
    request(storm, found, { add: [{ ...world.member(id), ...role, replaces }] });
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
