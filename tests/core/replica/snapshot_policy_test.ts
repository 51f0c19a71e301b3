import { assertEquals } from "@std/assert";
import type { LogIndex } from "@raftkv/core/raft";
import { SnapshotPolicy } from "../../../core/replica/snapshot_policy.ts";
import { entries, snapshot } from "../../support/raft_messages.ts";

/** Draws what puts each snapshot off for as long as it may be. */
const late = () => 0;

/** What followers may want of the next snapshot. */
const NOTHING = { isOlderOnItsWay: false, isNeeded: false };
const PATIENCE = { isOlderOnItsWay: true, isNeeded: false };
const HASTE = { isOlderOnItsWay: true, isNeeded: true };

/** Lets a policy see `count` entries of 35 bytes each. */
function see(policy: SnapshotPolicy, count: number): SnapshotPolicy {
  for (const entry of entries(0, Array.from({ length: count }, () => 1))) policy.onApplied(entry);
  return policy;
}

Deno.test("a snapshot is due after enough bytes of log, payload and headers", () => {
  const policy = new SnapshotPolicy(100, null, late);
  assertEquals(see(policy, 2).isDue(NOTHING), false);
  assertEquals(see(policy, 1).isDue(NOTHING), true);
});

Deno.test("a large state waits for a quarter of its own size", () => {
  const policy = new SnapshotPolicy(100, snapshot([5, 1], 4_000), late);
  assertEquals(see(policy, 9).isDue(NOTHING), false);
  assertEquals(see(policy, 30).isDue(NOTHING), true);
});

Deno.test("counting starts anew when one begins, and again when one is installed", () => {
  const policy = see(new SnapshotPolicy(100, null, late), 3);
  policy.onBegin();
  assertEquals(policy.isDue(NOTHING), false);
  policy.onSaved(snapshot([3, 1]));
  assertEquals(policy.isDue(NOTHING), false);
  see(policy, 3).onInstalled(snapshot([9, 1]));
  assertEquals(policy.isDue(NOTHING), false);
});

Deno.test("what was applied since a snapshot began counts for the next", () => {
  const policy = see(new SnapshotPolicy(100, null, late), 3);
  policy.onBegin();
  see(policy, 3).onSaved(snapshot([3, 1]));
  assertEquals(policy.isDue(NOTHING), true);
});

Deno.test("after one that found no room the next is due when as much again was applied", () => {
  const policy = see(new SnapshotPolicy(100, null, late), 3);
  policy.onBegin();
  policy.onFailed();
  assertEquals(policy.isDue(NOTHING), false);
  assertEquals(see(policy, 3).isDue(NOTHING), true);
});

// [S-10]
Deno.test("the log may go up to the snapshot before the newest", () => {
  const policy = new SnapshotPolicy(100, null, late);
  const through = [3, 6, 9].map((index) => policy.onSaved(snapshot([index, 1])));
  assertEquals(through, [0, 3, 6].map((index) => index as LogIndex));
});

// [S-3]
Deno.test("while the snapshot before the newest is on its way, the next one is put off, not for ever", () => {
  const policy = see(new SnapshotPolicy(100, null, late), 3);
  assertEquals([policy.isDue(NOTHING), policy.isDue(PATIENCE)], [true, false]);
  assertEquals(see(policy, 20).isDue(PATIENCE), true);
});

//
Deno.test("a snapshot that a follower needs is due at once, but for one that is being written", () => {
  const policy = new SnapshotPolicy(100, snapshot([5, 1]), late);
  assertEquals(policy.isDue(HASTE), true);
  policy.onBegin();
  assertEquals(policy.isDue(HASTE), false);
  policy.onFailed();
  assertEquals(policy.isDue(HASTE), true);
});

// [S-10]
Deno.test("of what the newest snapshot covers, a quarter of the usual distance stays in memory", () => {
  assertEquals(new SnapshotPolicy(100, snapshot([5, 1], 4_000), late).trailingBytesMax, 25);
});

Deno.test("nodes that apply the same log are not due together: each draws anew, up to a quarter sooner", () => {
  const draws = [0, 0.5, 0.999, 0.25];
  const random = () => draws.shift() as number;
  const dueAfter = (policy: SnapshotPolicy) => {
    for (let count = 1;; count++) if (see(policy, 1).isDue(NOTHING)) return count;
  };
  const policies = Array.from({ length: 3 }, () => new SnapshotPolicy(3_500, null, random));
  assertEquals(policies.map(dueAfter), [100, 88, 76]);
  const [first] = policies as [SnapshotPolicy];
  first.onBegin();
  first.onSaved(snapshot([100, 1]));
  assertEquals(dueAfter(first), 94);
});
