/**
 * I11 and I12, as far as a node's own numbers tell: nothing goes back while it runs, and
 * purged ≤ snapshot ≤ applied ≤ committed ≤ last.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Observed } from "../observed.ts";
import type { Rule, Step } from "./rule.ts";

/** I11 commit monotony, I12 order of progress. */
export class ProgressOrder implements Rule {
  onStepped({ node, now: { status }, before }: Step): void {
    const detail = () => ({ before: before?.status ?? null, status });
    invariant(
      before === null || status.commitIndex >= before.status.commitIndex,
      "I11 commit monotony: the commit index never goes back while a node runs",
      detail,
    );
    invariant(
      before === null || status.appliedIndex >= before.status.appliedIndex,
      "I12 order of progress: what is applied never goes back while a node runs",
      detail,
    );
    invariant(
      status.snapshotIndex <= status.appliedIndex && status.appliedIndex <= status.commitIndex &&
        status.commitIndex <= status.lastIndex,
      "I12 order of progress: a snapshot is of what is applied, which is committed, which is there",
      detail,
    );
    const { disk } = node;
    // A received snapshot is on the disk a moment before a busy node hears of it.
    const isCovered = !disk.isCompacted(status.snapshotIndex) ||
      !disk.isCompacted(disk.snapshotIndex);
    invariant(
      // Damage may take the snapshot; the node then has neither state nor a say before it gets another.
      disk.isStateLost || isCovered,
      "I12 order of progress: only what a snapshot covers is purged",
      detail,
    );
  }

  /** What a restart calls committed is on the disk. */
  onStarted(node: Observed): void {
    const status = node.status();
    if (status === null) return;
    invariant(
      status.appliedIndex <= status.commitIndex && status.commitIndex <= node.disk.lastIndex,
      "I11 commit monotony: after a restart, applied ≤ committed ≤ durable",
      () => ({ status, durable: node.disk.lastIndex }),
    );
  }
}
