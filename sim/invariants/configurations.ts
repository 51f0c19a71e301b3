/**
 * I16: the configuration in force is the last in the log, committed or not; a leader begins a change
 * only after the one before is committed and it has committed in its own term; and any quorum of one
 * has a member in common with any quorum of the next (thesis §4.1, §4.3).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import { decodeConfiguration, encodeConfiguration } from "@raftkv/core/codec";
import type { Configuration, NodeId, PersistBatch } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import { isSameBytes } from "../same_bytes.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Rule, Step } from "./rule.ts";

/** I16 configurations. */
export class Configurations implements Rule {
  readonly #chronicle: Chronicle;

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  /** A batch reaches to the end of the log. */
  onWriting({ configuration, id }: Observed, { entries }: PersistBatch): void {
    const last = entries.findLast(({ kind }) => kind === "configuration");
    if (last === undefined || configuration === null) return;
    invariant(
      isSameBytes(last.payload, encodeConfiguration(configuration)),
      "I16 configurations: the last configuration in the log is in force, committed or not",
      () => ({
        id,
        index: last.index,
        ...decodeConfiguration(last.payload),
        inForce: configuration,
      }),
    );
  }

  onCommitted({ now, before }: Step): void {
    const { status } = now;
    if (before === null || status.role !== "leader" || before.status.role !== "leader") return;
    if (status.term !== before.status.term) return;
    if (now.configurationIndex === before.configurationIndex) return;
    const detail = () => ({
      status,
      from: { index: before.configurationIndex, ...before.configuration },
      to: { index: now.configurationIndex, ...now.configuration },
    });
    invariant(
      before.configurationIndex <= status.commitIndex,
      "I16 configurations: one change at a time",
      detail,
    );
    invariant(
      this.#chronicle.committedTerm(status.commitIndex) === status.term,
      "I16 configurations: a leader changes the membership only after a commit in its own term",
      detail,
    );
    invariant(
      doQuorumsMeet(before.configuration, now.configuration),
      "I16 configurations: any quorum of one configuration meets any quorum of the next",
      detail,
    );
  }

  /**
   * Behind the snapshot, that is; if there is none there, the snapshot's own is in force. If damage
   * took that, nobody can tell what it was.
   */
  onStarted(node: Observed): void {
    const { id, disk, configurationIndex } = node;
    const snapshotIndex = node.status()?.snapshotIndex ?? disk.lastIndex;
    for (let index = disk.lastIndex; index > Math.max(snapshotIndex, disk.baseIndex); index--) {
      const term = disk.termAt(index);
      const entry = term === null ? undefined : this.#chronicle.written(index, term)?.entry;
      if (entry?.kind !== "configuration") continue;
      // The node cannot read it; until it can, it does not lead.
      if (disk.isLost(index)) return;
      invariant(
        configurationIndex === index,
        "I16 configurations: the last configuration in the log is in force after a restart",
        () => ({ id, configurationIndex, last: index }),
      );
      return;
    }
  }
}

/** Whether there are no two quorums, one of each configuration, without a common member. */
function doQuorumsMeet(a: Configuration, b: Configuration): boolean {
  const ids = [...new Set([a, b].flatMap((each) => [...each.voters, ...each.votersOutgoing]))];
  for (let chosen = 0; chosen < 1 << ids.length; chosen++) {
    const inside = new Set(ids.filter((_, at) => (chosen >> at) & 1));
    const outside = new Set(ids.filter((id) => !inside.has(id)));
    if (isQuorum(a, inside) && isQuorum(b, outside)) return false;
  }
  return true;
}

/** Whether a node has a vote, in either half of a joint configuration. */
export function hasVote({ voters, votersOutgoing }: Configuration, id: NodeId): boolean {
  return voters.includes(id) || votersOutgoing.includes(id);
}

/** Whether some nodes are a majority, or one of each half of a joint configuration. */
export function isQuorum(
  { voters, votersOutgoing }: Configuration,
  ids: ReadonlySet<NodeId>,
): boolean {
  return [voters, votersOutgoing].every((half) => {
    return half.length === 0 || 2 * half.filter((id) => ids.has(id)).length > half.length;
  });
}
