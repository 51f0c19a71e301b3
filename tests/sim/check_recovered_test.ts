/**
 * What a start may find on the disk (I31, I32).
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import type { DurableState } from "@raftkv/core/raft";
import { SimulatedDisk } from "@raftkv/sim";
import { checkRecovered } from "../../sim/check_recovered.ts";
import { position, snapshot } from "../support/raft_messages.ts";

/** A log that begins behind entry 36, without a snapshot that reaches it. */
function withoutState(ledger: SimulatedDisk): DurableState {
  return { hardState: ledger.hardState, snapshot: null, base: position([36, 15]), entries: [] };
}

Deno.test("a snapshot may be installed, and rot, before anyone was told that it is", () => {
  const ledger = new SimulatedDisk();
  const installing = snapshot([36, 15]);
  const underWay = { writing: null, installing, isDamaged: true };
  assertEquals(checkRecovered(ledger, withoutState(ledger), underWay), { batch: null });
  assertEquals(Number(ledger.lastIndex), 36);
});

Deno.test("where nothing rots, no log takes the place of another before the snapshot that it begins with", () => {
  const installing = snapshot([36, 15]);
  for (
    const underWay of [
      { writing: null, installing, isDamaged: false },
      { writing: null, installing: snapshot([35, 15]), isDamaged: true },
      { writing: null, installing: snapshot([36, 14]), isDamaged: true },
      { writing: null, installing: null, isDamaged: true },
    ]
  ) {
    const ledger = new SimulatedDisk();
    assertThrows(() => checkRecovered(ledger, withoutState(ledger), underWay), InvariantViolation);
  }
});
