/**
 * A request that outlives its deadline is noticed, not only one that never ends.
 *
 * @module
 */

import { assertThrows } from "@std/assert";
import type { NodeId } from "@raftkv/core/raft";
import { EventQueue, Requests, Trace } from "@raftkv/sim";

/** A request with a deadline at 5,000 ms, and turns of its node at these moments of its life. */
function turns(
  ...moments: readonly { readonly nowMs: number; readonly runningMs: number }[]
): void {
  const queue = new EventQueue();
  const requests = new Requests<string>(queue, new Trace(queue));
  const id = "n1" as NodeId;
  requests.begin(id, { kind: "read", timeoutMs: 5_000, deadlineMs: 5_000 });
  for (const moment of moments) requests.onTurn(id, moment);
}

const at = (nowMs: number, stoodMs = 0) => ({ nowMs, runningMs: nowMs - stoodMs });

Deno.test("a node that goes on and on after a deadline is found out (I39)", () => {
  // It looks at its clock now and then, and may have to wait for its processor.
  turns(at(4_900), at(5_100), at(6_000));
  assertThrows(() => turns(at(5_100), at(6_101)), Error, "I39 every request ends by its deadline");
});

Deno.test("a node may stand still over a deadline, and after it", () => {
  turns(at(4_900), at(60_000, 55_000), at(60_500, 55_000));
  turns(at(5_100), at(60_000, 54_500));
});
