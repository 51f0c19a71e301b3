/**
 * The connected core of a run: the nodes that are healed after the storm, drawn by chance, but with an
 * undamaged majority of whatever may be in force. The others stay dead or cut off.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { Configuration, NodeId } from "@raftkv/core/raft";
import type { World } from "./fault.ts";

/**
 * Draws the core among the nodes that run. Those that have not yet had again what damage took from
 * them do not count for the majority: the only whole copy of an entry might be outside.
 */
export function drawCore(world: World, random: Random): ReadonlySet<NodeId> {
  const core = new Set<NodeId>();
  const whole = new Set<NodeId>();
  const candidates = world.nodes.filter(({ isUp }) => isUp)
    .map(({ id }) => ({ id, at: random() }))
    .sort((a, b) => a.at - b.at);
  const inUse = newestConfigurations(world);
  for (const { id } of candidates) {
    const isEnough = inUse.every((configuration) => hasMajority(configuration, whole));
    // Now and then more than what is needed.
    if (isEnough && random() >= 0.3) continue;
    core.add(id);
    if (world.node(id).disk.isWhole) whole.add(id);
  }
  return core;
}

/**
 * The newest configuration that is known to be committed, and every later one that a running node
 * has in its log: one of the core may win an election with it.
 */
function newestConfigurations(world: World): readonly Configuration[] {
  const known = world.nodes.flatMap((node) => {
    const { configuration, configurationIndex } = node;
    if (configuration === null || configurationIndex === null) return [];
    const { commitIndex } = node.status()!;
    return [{
      configuration,
      index: configurationIndex,
      isCommitted: configurationIndex <= commitIndex,
    }];
  });
  const committed = Math.max(
    0,
    ...known.filter((each) => each.isCommitted).map(({ index }) => index),
  );
  return known.filter(({ index }) => index >= committed).map(({ configuration }) => configuration);
}

function hasMajority(
  { voters, votersOutgoing }: Configuration,
  core: ReadonlySet<NodeId>,
): boolean {
  return [voters, votersOutgoing].every((half) => {
    const count = half.filter((id) => core.has(id)).length;
    return half.length === 0 || 2 * count > half.length;
  });
}
