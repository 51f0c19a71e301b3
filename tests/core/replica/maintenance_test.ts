import { assertEquals } from "@std/assert";
import type { Term } from "@raftkv/core/raft";
import { Maintenance } from "../../../core/replica/maintenance.ts";
import { JournalMachine, line } from "../../support/journal_machine.ts";

const HEARTBEAT_MS = 100;

/** A machine that always has something to do, and the commands that were proposed for it. */
function busy() {
  const machine = Object.assign(new JournalMachine(), { maintenance: () => line("due") });
  const maintenance = new Maintenance(machine, HEARTBEAT_MS);
  const proposals = { isOwnUnderWay: false, proposed: 0, addOwn: () => void proposals.proposed++ };
  const flush = (monotonicMs: number) =>
    maintenance.flush(proposals, { term: 1 as Term, now: { monotonicMs, wallMs: 0 } });
  return { maintenance, proposals, flush };
}

Deno.test("while a command of the leader's own is under way, it is not woken without a pause", () => {
  const { maintenance, proposals, flush } = busy();
  flush(0);
  proposals.isOwnUnderWay = true;
  for (let wakings = 0; wakings < 20; wakings++) {
    const nowMs = maintenance.dueMs;
    flush(nowMs);
    assertEquals(maintenance.dueMs, nowMs + HEARTBEAT_MS);
  }
  assertEquals(proposals.proposed, 1);
});

Deno.test("once that command has ended, the next is proposed at once", () => {
  const { proposals, flush } = busy();
  flush(0);
  proposals.isOwnUnderWay = true;
  flush(10);
  proposals.isOwnUnderWay = false;
  flush(11);
  assertEquals(proposals.proposed, 2);
});
