/**
 * A disk is never asked for two snapshots at a time, whoever asks.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { SnapshotMeta } from "@raftkv/core/raft";

import { type NodeStorage, SaveQueue } from "@raftkv/sim";
import { snapshot } from "../support/raft_messages.ts";

/** A disk that saves when it is told to. */
class Disk implements Pick<NodeStorage, "saveSnapshot"> {
  readonly saved: number[] = [];
  #finish: (() => void)[] = [];

  saveSnapshot(
    { point }: Parameters<NodeStorage["saveSnapshot"]>[0],
    done: (meta: SnapshotMeta | null) => void,
  ): void {
    this.#finish.push(() => {
      this.saved.push(point.last.index);
      done({ ...snapshot([point.last.index, 1]) });
    });
  }

  get underWay(): number {
    return this.#finish.length;
  }

  finish(): void {
    this.#finish.shift()?.();
  }
}

function captureAt(index: number) {
  return { point: snapshot([index, 1]), slices: [] };
}

Deno.test("snapshots go to the disk one by one, also those that an ending one brings about", () => {
  const disk = new Disk();
  const queue: SaveQueue = new SaveQueue(disk as unknown as NodeStorage, (meta) => {
    if (meta?.last.index === 1) queue.add(captureAt(3));
  });
  queue.add(captureAt(1));
  queue.add(captureAt(2));
  while (!queue.isEmpty) {
    assertEquals(disk.underWay, 1);
    disk.finish();
  }
  assertEquals(disk.saved, [1, 2, 3]);
});

Deno.test("a crash forgets what was to be saved", () => {
  const disk = new Disk();
  const queue = new SaveQueue(disk as unknown as NodeStorage, () => {});
  queue.add(captureAt(1));
  queue.crash();
  assertEquals(queue.isEmpty, true);
  queue.add(captureAt(2));
  assertEquals(disk.underWay, 2);
});
