/**
 * What goes wrong inside a node: its process, its disk, its clocks.
 *
 * @module
 */

import type { NodeId } from "@raftkv/core/raft";
import type { FaultClass, Storm } from "./fault.ts";

/** Ends a node now and starts it again after a while. */
function crash(storm: Storm, id: NodeId, downMs: number): void {
  const { isUp, isStarting } = storm.world.node(id);
  if (!isUp && !isStarting) return;
  storm.world.crash(id);
  storm.after(downMs, () => storm.world.start(id));
}

/** Everything that goes wrong inside a node. */
export const NODE_FAULTS: readonly FaultClass[] = [
  {
    name: "crash",
    what: "a node ends without warning and comes back",
    begin(storm) {
      const downMs = storm.between(5, 20_000);
      storm.every(storm.between(1_000, 60_000), () => {
        const id = storm.anyNode().id;
        crash(storm, id, storm.random() * 2 * downMs);
      });
    },
  },
  {
    name: "shutdown",
    what: "a node is told to stop, hands over what it leads, ends and comes back",
    begin(storm) {
      storm.every(storm.between(5_000, 60_000), () => {
        const node = storm.anyUp();
        if (node === null) return;
        const { id, life } = node;
        storm.note(`shutdown: ${id}`);
        node.step({ kind: "stop" });
        const [endMs, downMs] = [storm.between(10, 2_000), storm.between(5, 5_000)];
        // Also when the storm is over by then: a node that was told to stop serves nobody any more.
        const { queue } = storm.world;
        queue.after(endMs, () => {
          if (node.life !== life) return;
          storm.world.crash(id);
          queue.after(downMs, () => {
            if (!node.isUp && !node.isStarting) storm.world.start(id);
          });
        });
      });
    },
  },
  {
    name: "power_cut",
    what: "all nodes end at once and come back one by one",
    begin(storm) {
      storm.every(storm.between(10_000, 120_000), () => {
        storm.note("power_cut");
        for (const { id } of storm.world.nodes) crash(storm, id, storm.between(1, 5_000));
      });
    },
  },
  {
    name: "pause",
    what: "a node stands still for a while, and its clock goes on",
    begin(storm) {
      storm.every(storm.between(2_000, 60_000), () => {
        const node = storm.anyUp();
        if (node === null) return;
        const { life, isLeader } = node;
        const forMs = storm.between(20, 20_000);
        storm.note(`pause: ${node.id} for ${forMs.toFixed(0)} ms`);
        node.pause();
        storm.after(forMs, () => {
          if (node.life !== life) return;
          if (isLeader && forMs > storm.world.timing.electionTimeoutMsMax) {
            storm.marks.hit("a leader stood still for longer than an election timeout");
          }
          storm.note(`pause: ${node.id} goes on`);
          node.resume();
        });
      });
    },
  },
  {
    name: "slow_cpu",
    what: "a node's turns wait for the processor",
    begin(storm) {
      storm.every(storm.between(5_000, 60_000), () => {
        const node = storm.anyNode();
        const turnMs = storm.between(1, 500);
        storm.note(`slow_cpu: ${turnMs.toFixed(0)} ms a turn at ${node.id}`);
        node.turnMs = turnMs;
        storm.after(storm.between(500, 20_000), () => {
          node.turnMs = 0;
        });
      });
    },
  },
  {
    name: "slow_disk",
    what: "every sync of every node takes its time",
    begin(storm) {
      storm.world.syncMsMax = storm.between(2, 1_000);
    },
  },
  {
    name: "hang_disk",
    what: "a disk ends no operation any more, for long or until its node ends",
    begin(storm) {
      storm.every(storm.between(5_000, 60_000), () => {
        const node = storm.anyUp();
        if (node === null) return;
        storm.note(`hang_disk: ${node.id}`);
        node.storage.hang();
        if (storm.random() < 0.2) return; // until the node ends, or the storm does
        storm.after(storm.between(100, 30_000), () => node.storage.mend());
      });
    },
  },
  {
    name: "clock_rate",
    what: "each node's clock runs at a rate of its own between 0.9 and 1.1",
    begin(storm) {
      storm.every(storm.between(5_000, 60_000), () => {
        storm.anyNode().clock.rate = 0.9 + 0.2 * storm.random();
      });
      for (const { clock } of storm.world.nodes) clock.rate = 0.9 + 0.2 * storm.random();
    },
  },
  {
    name: "wall_jump",
    what: "a clock on the wall jumps by up to an hour",
    begin(storm) {
      storm.every(storm.between(2_000, 30_000), () => {
        const { id, clock } = storm.anyNode();
        const byMs = Math.floor((storm.random() - 0.5) * 2 * 3_600_000);
        storm.note(`wall_jump: ${id} by ${byMs} ms`);
        clock.jumpWall(byMs);
      });
    },
  },
];
