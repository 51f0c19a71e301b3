/**
 * What goes wrong between nodes.
 *
 * @module
 */

import type { NodeId } from "@raftkv/core/raft";
import type { NetworkOptions, Way } from "../network.ts";
import type { FaultClass, Storm } from "./fault.ts";

/** Sets the weather of the whole network for the storm. */
function weather(
  name: string,
  what: string,
  draw: (storm: Storm) => Partial<NetworkOptions>,
): FaultClass {
  return {
    name,
    what,
    begin(storm) {
      const { network } = storm.world;
      network.options = { ...network.options, ...draw(storm) };
    },
  };
}

/** Cuts ways again and again, each time for a while. */
function partition(
  name: string,
  what: string,
  waysOf: (storm: Storm, ids: readonly NodeId[]) => readonly Way[],
): FaultClass {
  return {
    name,
    what,
    begin(storm) {
      const lastsMs = storm.between(200, 20_000);
      storm.every(storm.between(3_000, 60_000), () => {
        const ids = storm.world.nodes.map(({ id }) => id);
        const ways = waysOf(storm, ids);
        if (ways.length === 0) return;
        storm.note(`${name}: cut ${ways.map(({ from, to }) => `${from}>${to}`).join(" ")}`);
        const end = storm.world.network.cutAll(ways);
        storm.after(lastsMs * storm.random() * 2, () => {
          storm.note(`${name}: mended`);
          end();
        });
      });
    },
  };
}

/** Both directions between every node of the one group and every node of the other. */
export function waysBetween(left: readonly NodeId[], right: readonly NodeId[]): Way[] {
  return left.flatMap((a) => right.flatMap((b) => [{ from: a, to: b }, { from: b, to: a }]));
}

function shuffled(storm: Storm, ids: readonly NodeId[]): NodeId[] {
  return ids.map((id) => ({ id, at: storm.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ id }) => id);
}

/** Both directions between a node and all others. */
export function alone(id: NodeId, ids: readonly NodeId[]): Way[] {
  return waysBetween([id], ids.filter((other) => other !== id));
}

const PARTITIONS: readonly FaultClass[] = [
  partition("isolate", "one node is cut off", (storm, ids) => alone(storm.oneOf(ids), ids)),
  partition("leader_only", "the leader is cut off", (storm, ids) => {
    const leader = storm.world.leaders()[0];
    return leader === undefined ? [] : alone(leader.id, ids);
  }),
  partition("split", "two groups that hear nothing of each other", (storm, ids) => {
    const left = ids.filter(() => storm.random() < 0.5);
    return waysBetween(left, ids.filter((id) => !left.includes(id)));
  }),
  partition("one_way", "nodes that are heard and hear nothing, or the reverse", (storm, ids) => {
    const [one, ...others] = shuffled(storm, ids);
    const some = others.filter(() => storm.random() < 0.7);
    const hears = storm.random() < 0.5;
    return some.map((other) => hears ? { from: one!, to: other } : { from: other, to: one! });
  }),
  partition("bridge", "two groups that only one node can reach", (storm, ids) => {
    const [, ...others] = shuffled(storm, ids);
    const left = others.filter((_, at) => at % 2 === 0);
    return waysBetween(left, others.filter((id) => !left.includes(id)));
  }),
  partition("ring", "each node reaches its two neighbours alone", (storm, ids) => {
    const order = shuffled(storm, ids);
    return order.flatMap((from, at) =>
      order.flatMap((to, other) => {
        const distance = Math.abs(at - other);
        return distance > 1 && distance < order.length - 1 ? [{ from, to }] : [];
      })
    );
  }),
];

/** Everything that goes wrong between nodes. */
export const NETWORK_FAULTS: readonly FaultClass[] = [
  weather("drop", "messages vanish", (storm) => ({ dropRate: storm.between(0.001, 0.3) })),
  weather("duplicate", "messages arrive twice", (storm) => ({
    duplicateRate: storm.between(0.01, 0.5),
  })),
  weather("delay", "messages take their time, some of them seconds", (storm) => ({
    delayMsMax: storm.between(2, 200),
    tailRate: storm.between(0.001, 0.1),
    tailMsMean: storm.between(20, 1_500),
  })),
  weather("corrupt", "frames arrive with a bit turned over", (storm) => ({
    corruptRate: storm.between(0.0005, 0.02),
  })),
  weather("replay", "messages come again, up to minutes later", (storm) => ({
    replayRate: storm.between(0.002, 0.1),
    replayMsMax: storm.between(1_000, 180_000),
  })),
  {
    name: "slow_link",
    what: "everything to one node takes longer",
    begin(storm) {
      const { network, nodes } = storm.world;
      storm.every(storm.between(5_000, 60_000), () => {
        const to = storm.anyNode().id;
        const byMs = storm.between(5, 1_000);
        storm.note(`slow_link: ${byMs.toFixed(0)} ms to ${to}`);
        for (const { id } of nodes) network.slow({ from: id, to }, byMs);
        storm.after(storm.between(1_000, 20_000), () => {
          for (const { id } of nodes) network.slow({ from: id, to }, 0);
        });
      });
    },
  },
  {
    name: "clog",
    what: "a link holds everything back, then lets it go at once",
    begin(storm) {
      storm.every(storm.between(500, 20_000), () => {
        const way = { from: storm.anyNode().id, to: storm.anyNode().id };
        const forMs = storm.between(50, 10_000);
        storm.note(`clog: ${way.from}>${way.to} for ${forMs.toFixed(0)} ms`);
        storm.world.network.clog(way, forMs);
      });
    },
  },
  {
    name: "flapping",
    what: "a link breaks and comes back, and both ends are told, again and again",
    begin(storm) {
      storm.every(storm.between(5_000, 60_000), () => {
        const [a, b] = [storm.anyNode().id, storm.anyNode().id];
        storm.note(`flapping: ${a} and ${b}`);
        for (let turn = 0; turn < 20; turn++) {
          storm.after(turn * storm.between(20, 400), () => storm.world.breakLink(a, b));
        }
      });
    },
  },
  {
    name: "false_hint",
    what: "a node is told that a link broke which did not",
    begin(storm) {
      storm.every(storm.between(1_000, 30_000), () => {
        const [a, b] = [storm.anyNode().id, storm.anyNode().id];
        storm.note(`false_hint: ${a} of ${b}`);
        storm.world.breakLink(a, b);
      });
    },
  },
  ...PARTITIONS,
];
