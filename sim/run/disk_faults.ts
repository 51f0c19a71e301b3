/**
 * What goes wrong with files, in runs that stand on the production store.
 *
 * @module
 */

import type { NodeId } from "@raftkv/core/raft";
import { FileStorage } from "../file_storage.ts";
import type { SimulatedNode } from "../node.ts";
import type { FaultClass, Storm } from "./fault.ts";
import { mayLose } from "./losses.ts";
import { join, NODES_MAX } from "./operator.ts";

interface OnFiles {
  readonly id: NodeId;
  readonly storage: FileStorage;
}

/** A running node that stands on files, or null. */
function anyOnFiles(storm: Storm): OnFiles | null {
  const node = storm.anyUp();
  if (node === null || !(node.storage instanceof FileStorage)) return null;
  return { id: node.id, storage: node.storage };
}

/** Lets something happen to the files of some node again and again, so often on average. */
function everyOnFiles(storm: Storm, meanMs: number, happen: (found: OnFiles) => void): void {
  storm.every(meanMs, () => {
    const found = anyOnFiles(storm);
    if (found !== null) happen(found);
  });
}

/** Starts a node once it has ended, as whoever supervises it would. */
function supervise(storm: Storm, id: NodeId, pauseMs: number): void {
  storm.after(pauseMs, () => {
    const { isUp, isStarting } = storm.world.node(id);
    if (!isUp && !isStarting) storm.world.start(id);
    else supervise(storm, id, pauseMs);
  });
}

/** Lets something happen at one of a node's next disk operations. */
function atSomeOperation(storm: Storm, storage: FileStorage, happen: () => void): void {
  let count = Math.floor(storm.between(1, 60));
  storage.beforeOperation = () => {
    if (--count > 0) return;
    storage.beforeOperation = () => {};
    happen();
  };
}

/** What goes wrong with files. */
export const DISK_FAULTS: readonly FaultClass[] = [
  {
    name: "crash_writing",
    what: "a node ends right before one of its disk operations (on files)",
    begin(storm) {
      everyOnFiles(storm, storm.between(1_000, 20_000), ({ id, storage }) => {
        atSomeOperation(storm, storage, () => {
          storm.note(`crash_writing: ${id}`);
          storm.world.crash(id);
          storm.after(storm.between(1, 5_000), () => storm.world.start(id));
        });
      });
    },
  },
  {
    name: "io_error",
    what: "a disk operation fails: the node must end, and is started again (on files)",
    begin(storm) {
      everyOnFiles(storm, storm.between(3_000, 40_000), ({ id, storage }) => {
        storm.state.harmed.add(id);
        atSomeOperation(storm, storage, () => {
          storm.note(`io_error: ${id}`);
          supervise(storm, id, storm.between(10, 3_000));
          throw new Error("Input/output error");
        });
      });
    },
  },
  {
    name: "full_disk",
    what: "a disk has no room left for a while (on files)",
    begin(storm) {
      everyOnFiles(storm, storm.between(3_000, 40_000), ({ id, storage: { vfs } }) => {
        vfs.capacityBytes = vfs.usedBytes + Math.floor(storm.between(1, 8_000));
        storm.note(`full_disk: ${id}`);
        storm.after(storm.between(100, 20_000), () => {
          storm.note(`full_disk: room again at ${id}`);
          vfs.capacityBytes = Number.POSITIVE_INFINITY;
        });
      });
    },
  },
  {
    name: "bit_flip",
    what: "stored bits turn over: a node mends what it can, or is replaced",
    begin(storm) {
      storm.every(storm.between(5_000, 40_000), () => {
        const node = storm.anyUp();
        const { world, state } = storm;
        if (node === null || world.nodes.length >= NODES_MAX || !mayLose(storm, node.id)) return;
        const { id } = node;
        world.crash(id);
        const place = damage(storm, node);
        if (place !== null) {
          state.doubtful.add(id);
          state.harmed.add(id);
          storm.note(`bit_flip: ${id}, ${place}`);
        }
        world.start(id);
        replaceOnceLost(storm, id);
      });
    },
  },
  {
    name: "blank_flip",
    what: "bits turn over in room that is written ahead: nobody is harmed (on files)",
    begin(storm) {
      everyOnFiles(storm, storm.between(3_000, 40_000), ({ id, storage }) => {
        storm.world.crash(id);
        const place = storage.files.flipBlankBit(storm.random);
        if (place !== null) {
          storm.note(`blank_flip: ${id}, ${place.name} at byte ${place.offsetBytes}`);
          storm.marks.hit("a bit turned over in blank room");
        }
        storm.world.start(id);
      });
    },
  },
];

/** Damages what a node that is down has stored; says where, or null if there is nothing. */
function damage({ random }: Storm, { storage, disk }: SimulatedNode<unknown>): string | null {
  if (storage instanceof FileStorage) {
    const place = storage.flipBit(random);
    return place === null ? null : `${place.name} at byte ${place.offsetBytes}`;
  }
  const index = disk.anyIndex(random);
  if (index === null) return null;
  disk.lose(index);
  return `entry ${index}`;
}

/** A new node comes as soon as it turns out that the directory is refused. */
function replaceOnceLost(storm: Storm, id: NodeId): void {
  storm.after(500, () => {
    if (storm.world.lost.has(id)) join(storm, { votes: true, replaces: id });
    else if (!storm.world.node(id).isUp) replaceOnceLost(storm, id);
  });
}
