import { assertEquals } from "@std/assert";
import type { LogIndex } from "@raftkv/core/raft";
import { SnapshotPolicy } from "../../../core/replica/snapshot_policy.ts";
import { entries, snapshot } from "../../support/raft_messages.ts";

/** Lets a policy see `count` entries of 35 bytes each. */
function see(policy: SnapshotPolicy, count: number): SnapshotPolicy {
  for (const entry of entries(0, Array.from({ length: count }, () => 1))) policy.onApplied(entry);
  return policy;
}

Deno.test("a snapshot is due after enough bytes of log, payload and headers", () => {
  const policy = new SnapshotPolicy(100, null, 0);
  assertEquals(see(policy, 2).isDue(false), false);
  assertEquals(see(policy, 1).isDue(false), true);
});

Deno.test("a large state waits for a quarter of its own size", () => {
  const policy = new SnapshotPolicy(100, snapshot([5, 1], 4_000), 0);
  assertEquals(see(policy, 9).isDue(false), false);
  assertEquals(see(policy, 30).isDue(false), true);
});

Deno.test("counting starts anew when one begins, and again when one is installed", () => {
  const policy = see(new SnapshotPolicy(100, null, 0), 3);
  policy.onBegin();
  assertEquals([policy.isSaving, policy.isDue(false)], [true, false]);
  policy.onSaved(snapshot([3, 1]));
  assertEquals([policy.isSaving, policy.isDue(false)], [false, false]);
  see(policy, 3).onInstalled(snapshot([9, 1]));
  assertEquals(policy.isDue(false), false);
});

Deno.test("what was applied since a snapshot began counts for the next", () => {
  const policy = see(new SnapshotPolicy(100, null, 0), 3);
  policy.onBegin();
  see(policy, 3).onSaved(snapshot([3, 1]));
  assertEquals(policy.isDue(false), true);
});

Deno.test("after one that found no room the next is due when as much again was applied", () => {
  const policy = see(new SnapshotPolicy(100, null, 0), 3);
  policy.onBegin();
  policy.onFailed();
  assertEquals([policy.isSaving, policy.isDue(false)], [false, false]);
  assertEquals(see(policy, 3).isDue(false), true);
});

// [S-10]
Deno.test("the log may go up to the snapshot before the newest", () => {
  const policy = new SnapshotPolicy(100, null, 0);
  const through = [3, 6, 9].map((index) => policy.onSaved(snapshot([index, 1])));
  assertEquals(through, [0, 3, 6].map((index) => index as LogIndex));
});

// [S-3]
Deno.test("while the snapshot before the newest is on its way, the next one is put off, not for ever", () => {
  const policy = see(new SnapshotPolicy(100, null, 0), 3);
  assertEquals([policy.isDue(false), policy.isDue(true)], [true, false]);
  assertEquals(see(policy, 20).isDue(true), true);
});

// [S-10]
Deno.test("of what the newest snapshot covers, a quarter of the usual distance stays in memory", () => {
  assertEquals(new SnapshotPolicy(100, snapshot([5, 1], 4_000), 0).trailingBytesMax, 25);
});
