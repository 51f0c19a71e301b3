/**
 * How much of a cluster may be lost for good: never a majority of any configuration that may still
 * be in force, since then nobody owes anything but to halt.
 *
 * @module
 */

import type { Configuration, NodeId } from "@raftkv/core/raft";
import type { World } from "./fault.ts";

/** Whether the disk of `id` may be lost as well. */
export function mayLose(world: World, id: NodeId): boolean {
  if (world.lost.has(id)) return false;
  const lost = new Set([...world.lost, id]);
  return configurationsInUse(world).every((each) => hasMajorityWithout(each, lost));
}

/** Every configuration that a node last saw in force. A stale one only makes this more careful. */
function configurationsInUse(world: World): readonly Configuration[] {
  return world.nodes.filter(({ id }) => !world.lost.has(id) && world.hasStarted(id))
    .map((node) => node.lastConfiguration);
}

function hasMajorityWithout(
  { voters, votersOutgoing }: Configuration,
  lost: ReadonlySet<NodeId>,
): boolean {
  return [voters, votersOutgoing].every((half) => {
    const count = half.filter((id) => lost.has(id)).length;
    return half.length === 0 || 2 * (half.length - count) > half.length;
  });
}
