/**
 * I19: no message leaves that promises what the disk does not hold yet (Raft paper, figure 2:
 * "updated on stable storage before responding"), or does not hold any more.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, LogIndex } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** I19 durable before promised. */
export class DurablePromises implements Rule {
  onSent(node: Observed, { message }: Envelope): void {
    switch (message.type) {
      case "append_accepted":
        demandDurable(node, message.matchIndex, "entries are durable before they are acknowledged");
        return demandWhole(node, message.matchIndex, "nothing lost is acknowledged");
      case "vote_request":
        demandDurable(
          node,
          message.last.index,
          "a candidate's log is durable before it is boasted of",
        );
        return demandWhole(node, message.last.index, "who lost entries does not campaign");
      case "snapshot_response":
        if (!message.installed) return;
        return demandDurable(
          node,
          message.index,
          "a snapshot is durable before it is acknowledged",
        );
      default:
    }
  }
}

/** What a snapshot covers need not be there again. */
function demandWhole(node: Observed, index: LogIndex, what: string): void {
  const { disk, id } = node;
  const covered = Math.max(disk.baseIndex, disk.snapshotIndex, node.status()?.snapshotIndex ?? 0);
  for (let at = covered + 1 as LogIndex; at <= index; at++) {
    invariant(
      !disk.isLost(at),
      `I19 durable before promised: ${what}`,
      () => ({ id, index, lost: at, covered }),
    );
  }
}

function demandDurable({ id, disk }: Observed, index: LogIndex, what: string): void {
  invariant(index <= disk.lastIndex, `I19 durable before promised: ${what}`, () => ({
    id,
    index,
    durable: disk.lastIndex,
  }));
}
