/**
 * The operator of a simulated cluster: asks for changes of the membership, brings new nodes and turns
 * off old ones.
 *
 * @module
 */

import type { Configuration, MembershipChange, NodeId } from "@raftkv/core/raft";
import type { SimulatedNode } from "../node.ts";
import type { Storm, World } from "./fault.ts";

/** The newest leader and the members it knows, or null if nobody leads. */
export function inForce(world: World): InForce | null {
  const [leader] = world.leaders();
  if (leader === undefined) return null;
  const { configuration, configurationIndex } = world.node(leader.id);
  if (configuration === null || configurationIndex === null) return null;
  return { leader: leader.id, members: configuration, index: configurationIndex };
}

/** A leader, and the members as it knows them. */
export interface InForce {
  /** The leader. */
  readonly leader: NodeId;
  /** Who belongs to the cluster. */
  readonly members: Configuration;
  /** Where that stands in the log. */
  readonly index: number;
}

/** Most members at a time: more only slow a run down. */
export const MEMBERS_MAX = 7;

/** Most members and newcomers that ever were. */
export const NODES_MAX = 12;

/** Asks for a change of exactly what was seen, and remembers who may leave until there is an answer. */
export function request(
  { world, state, marks }: Storm,
  { leader, index }: InForce,
  change: Partial<MembershipChange>,
): void {
  const { remove = [], add = [] } = change;
  const leaving = [...remove, ...add.flatMap(({ replaces }) => replaces ?? [])];
  for (const id of leaving) state.leaving.add(id);
  world.changeMembership(leader, change, {
    expectedIndex: index,
    onEnd: ({ kind }) => {
      for (const id of leaving) state.leaving.delete(id);
      const isMade = kind === "membership_changed" &&
        add.some(({ replaces }) => replaces !== null && world.lost.has(replaces));
      if (isMade) marks.hit("a new node took the place of a lost one");
    },
  });
}

/** Turns off for good who has left, now and then: some go on asking for votes for long. */
export function retire(storm: Storm): void {
  const { world } = storm;
  const others = world.nodes.filter(({ id }) => world.hasStarted(id) && !world.lost.has(id));
  for (const { id, isUp, lastConfiguration, configurationIndex } of others) {
    const isIn = ({ members }: Configuration) => members.some((member) => member.id === id);
    if (!isUp || !isIn(lastConfiguration) || storm.random() < 0.5) continue;
    // Not what a leader alone knows: it may not know of its successor, nor of a change.
    const peers = others.filter((other) => other.id !== id);
    if (peers.some((peer) => isIn(peer.lastConfiguration))) continue;
    // Nor what a newcomer takes for granted: its log may be empty.
    const knows = (peer: SimulatedNode<unknown>) =>
      peer.isConfigurationCommitted && peer.configurationIndex! > configurationIndex!;
    if (!peers.some(knows)) continue;
    storm.note(`membership: ${id} is turned off`);
    world.lose(id);
  }
}

/** A new node comes, and the leader is asked to take it in. */
export function join(
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
