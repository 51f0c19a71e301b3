/**
 * I12: every command is applied in the order of the log, once, and none is left out (§5.3).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Entry, LogIndex, NodeId, SnapshotMeta } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Rule } from "./rule.ts";

/** I12 order of application. */
export class ApplyOrder implements Rule {
  readonly #chronicle: Chronicle;
  readonly #applied = new Map<NodeId, LogIndex>();

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  /** The state machine begins with the snapshot that was found. */
  onStarted(node: Observed): void {
    this.#applied.set(node.id, node.status()?.appliedIndex ?? 0 as LogIndex);
  }

  onCrashed(id: NodeId): void {
    this.#applied.delete(id);
  }

  onInstalled({ id }: Observed, { last }: SnapshotMeta): void {
    const applied = this.#applied.get(id) ?? 0;
    if (last.index > applied) this.#applied.set(id, last.index);
  }

  onApplied(id: NodeId, { index }: Entry): void {
    const before = this.#applied.get(id) ?? 0;
    invariant(
      index > before,
      "I12 order of application: entries are applied in order, each once",
      () => ({
        id,
        index,
        before,
      }),
    );
    for (let between = before + 1; between < index; between++) {
      const skipped = this.#chronicle.committedEntry(between as LogIndex);
      invariant(
        skipped === undefined || skipped.kind !== "command",
        "I12 order of application: no command is left out",
        () => ({ id, index, before, skipped: between }),
      );
    }
    this.#applied.set(id, index);
  }
}
