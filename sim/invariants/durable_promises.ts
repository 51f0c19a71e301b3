/**
 * I19: no message leaves that promises what the disk does not hold yet (Raft paper, figure 2:
 * "updated on stable storage before responding").
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** I19 durable before promised. */
export class DurablePromises implements Rule {
  onSent(node: Observed, { message }: Envelope): void {
    switch (message.type) {
      case "append_accepted":
        return demandDurable(
          node,
          message.matchIndex,
          "entries are durable before they are acknowledged",
        );
      case "vote_request":
        return demandDurable(
          node,
          message.last.index,
          "a candidate's log is durable before it is boasted of",
        );
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

function demandDurable({ id, disk }: Observed, index: number, what: string): void {
  invariant(index <= disk.lastIndex, `I19 durable before promised: ${what}`, () => ({
    id,
    index,
    durable: disk.lastIndex,
  }));
}
