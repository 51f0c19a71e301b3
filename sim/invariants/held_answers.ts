/**
 * I37, of the outbox: what waits for the disk is bounded, however long that hangs. Of all that leaves
 * once a batch is durable, there is one message of a kind for each peer: the newest speaks for those
 * before it.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** I37 answers that wait are bounded. */
export class HeldAnswers implements Rule {
  onReleased({ id }: Observed, envelopes: readonly Envelope[]): void {
    const kinds = new Set(envelopes.map(({ message, to }) => `${message.type} to ${to}`));
    invariant(
      kinds.size === envelopes.length,
      "I37 answers that wait are bounded: one of a kind for each peer",
      () => ({ id, kinds: [...kinds], released: envelopes.length }),
    );
  }
}
