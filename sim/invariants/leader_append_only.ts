/**
 * I4: a leader never deletes or overwrites entries of its own log, it only appends (§5.3).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Rule, Step } from "./rule.ts";

/** I4 leader append-only. */
export class LeaderAppendOnly implements Rule {
  onStepped({ now, before }: Step): void {
    if (before === null || now.status.role !== "leader" || before.status.role !== "leader") return;
    if (now.status.term !== before.status.term) return;
    invariant(
      now.status.lastIndex >= before.status.lastIndex,
      "I4 leader append-only: a leader's log never becomes shorter",
      () => ({ before: before.status, now: now.status }),
    );
  }
}
