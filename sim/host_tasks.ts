/**
 * What a simulated node's storage does beside the batches: snapshots saved, sent, staged, installed,
 * and log let go. Each task ends in an input.
 *
 * @module
 */

import type { SnapshotMeta } from "@raftkv/core/raft";
import type { HostTask, Input } from "@raftkv/core/replica";
import type { NodeStorage } from "./node_storage.ts";
import type { SaveQueue } from "./save_queue.ts";

/** Whom tasks concern. */
export interface HostTaskParts {
  /** The node's disk. */
  readonly storage: NodeStorage;
  /** Its snapshots on their way there. */
  readonly saves: SaveQueue;
  /** Size of a snapshot's chunks in bytes. */
  readonly chunkBytes: number;
  /** A received snapshot is installed; the node has not heard of it. */
  readonly onInstalled: (meta: SnapshotMeta) => void;
  /** A task has ended so. */
  readonly onEnd: (input: Input) => void;
}

/** Carries tasks out. */
export class HostTasks {
  readonly #parts: HostTaskParts;

  /** Begins with none. */
  constructor(parts: HostTaskParts) {
    this.#parts = parts;
  }

  /** Begins a task. */
  carryOut(task: HostTask): void {
    switch (task.kind) {
      case "compact":
        return this.#parts.storage.compact(task.through);
      case "save_snapshot":
        return this.#parts.saves.add(task);
      case "read_chunk":
        return this.#readChunk(task);
      case "stage_chunk":
        return this.#stageChunk(task);
      case "install":
        return this.#install(task);
    }
  }

  #readChunk({ to, meta, offsetBytes }: Extract<HostTask, { kind: "read_chunk" }>): void {
    const { chunkBytes: bytesMax, onEnd, storage } = this.#parts;
    const { index } = meta.last;
    storage.readChunk({ index, offsetBytes, bytesMax }, (data) => {
      const chunk = data === null ? null : { meta, offsetBytes, data };
      onEnd({ kind: "chunk_read", to, index, chunk });
    });
  }

  #stageChunk({ from, chunk }: Extract<HostTask, { kind: "stage_chunk" }>): void {
    const { onEnd, storage } = this.#parts;
    storage.stage(chunk, (nextOffsetBytes) => {
      onEnd({ kind: "chunk_staged", from, meta: chunk.meta, nextOffsetBytes });
    });
  }

  #install({ meta, restorer }: Extract<HostTask, { kind: "install" }>): void {
    const { onEnd, onInstalled, storage } = this.#parts;
    storage.install(meta, restorer, (ok) => {
      if (ok) onInstalled(meta);
      onEnd({ kind: "installed", meta, ok });
    });
  }
}
