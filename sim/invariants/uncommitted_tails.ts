/**
 * I37, of the log: a leader takes no command once the entries that it has not committed have as many
 * bytes as it may leave uncommitted, so that its tail is no longer than that and one command.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import { entrySizeBytes, type LogIndex, type NodeId, type PersistBatch } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** I37 uncommitted tails are bounded. */
export class UncommittedTails implements Rule {
  readonly #bytesMax: number;
  /** The sizes of the entries behind the commit index that each node has given to its disk. */
  readonly #sizes = new Map<NodeId, Map<LogIndex, number>>();

  /** Begins with empty logs. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  onWriting(node: Observed, { entries }: PersistBatch): void {
    const status = node.status();
    const first = entries[0];
    if (status === null || first === undefined) return;
    const sizes = new Map(
      [...this.#sizes.get(node.id) ?? []].filter(([index]) => {
        return index > status.commitIndex && index < first.index;
      }),
    );
    let bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    for (const entry of entries) {
      if (entry.index <= status.commitIndex) continue;
      const isTaken = entry.kind === "command" && entry.term === status.term &&
        status.role === "leader";
      invariant(
        !isTaken || bytes < this.#bytesMax,
        "I37 uncommitted tails are bounded: no command is taken beyond the bound",
        () => ({ id: node.id, index: entry.index, bytes, commitIndex: status.commitIndex }),
      );
      const size = entrySizeBytes(entry);
      sizes.set(entry.index, size);
      bytes += size;
    }
    this.#sizes.set(node.id, sizes);
  }

  onCrashed(id: NodeId): void {
    this.#sizes.delete(id);
  }
}
