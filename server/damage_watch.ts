/**
 * Tells the operator when a node has lost something to damage, and when it has it again.
 *
 * @module
 */

import type { Damage } from "@raftkv/core/replica";
import type { NodeEvent } from "./node_events.ts";

/** Turns what is lost into the events between two looks at it. */
export class DamageWatch {
  #isWhole = true;

  /** The event between the last look and this one, if there was any. */
  next(damage: Damage): NodeEvent | null {
    if (damage.isWhole === this.#isWhole) return null;
    this.#isWhole = damage.isWhole;
    if (damage.isWhole) return { kind: "repaired" };
    const { lost, isStateLost } = damage;
    return { kind: "damaged", lostEntries: lost.length, isStateLost };
  }
}
