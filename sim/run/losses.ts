/**
 * How much of a cluster may be lost for good: never a majority of any configuration that may still
 * be in force, since then nobody owes anything but to halt.
 *
 * @module
 */

import type { Configuration, NodeId } from "@raftkv/core/raft";
import type { Storm, World } from "./fault.ts";

/** Whether the disk of `id` may be lost as well. */
export function mayLose({ world, state }: Storm, id: NodeId): boolean {
  if (world.lost.has(id)) return false;
  const lost = new Set([...world.lost, ...state.doubtful, id]);
  return configurationsInUse(world).every((each) => {
    return hasMajority(each, lost) && hasMajority(without(each, state.leaving), lost);
  });
}

/** Whether the voter `id` may leave: with those lost, it must not take the majority with it. */
export function mayLeave(
  { world, state }: Storm,
  id: NodeId,
  configuration: Configuration,
): boolean {
  const left = without(configuration, new Set([...state.leaving, id]));
  return left.voters.length > 0 &&
    hasMajority(left, new Set([...world.lost, ...state.doubtful]));
}

/** Every configuration that a node last saw in force. A stale one only makes this more careful. */
function configurationsInUse(world: World): readonly Voters[] {
  return world.nodes.filter(({ id }) => !world.lost.has(id) && world.hasStarted(id))
    .map((node) => node.lastConfiguration);
}

type Voters = Pick<Configuration, "voters" | "votersOutgoing">;

function without({ voters, votersOutgoing }: Voters, gone: ReadonlySet<NodeId>): Voters {
  return { voters: voters.filter((id) => !gone.has(id)), votersOutgoing };
}

function hasMajority({ voters, votersOutgoing }: Voters, lost: ReadonlySet<NodeId>): boolean {
  return [voters, votersOutgoing].every((half) => {
    const count = half.filter((id) => lost.has(id)).length;
    return half.length === 0 || 2 * (half.length - count) > half.length;
  });
}
