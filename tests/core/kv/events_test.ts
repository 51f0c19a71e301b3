import { assertEquals } from "@std/assert";
import { KvStateMachine } from "@raftkv/core/kv";
import { del, keyOf, Log, put, restored, snapshotBytes } from "./apply.ts";

/** What each revision from `first` on changed, as `kind key`. */
function story(machine: KvStateMachine, first: number): string[] {
  const lines: string[] = [];
  for (let revision = first; revision <= machine.revision; revision++) {
    const events = [...machine.eventsAt(revision, () => true)];
    const told = events.map((event) =>
      event.kind === "put" ? `put ${event.record.key}` : `delete ${event.key}`
    );
    lines.push(`${revision}: ${told.join(", ")}`);
  }
  return lines;
}

/** Revisions 2 to 6: a is put, b is put, a is deleted, b is put again and c with it, b is deleted. */
function machineOf(log: Log): KvStateMachine {
  const machine = new KvStateMachine();
  log.commit(machine, put("a", "1"));
  log.commit(machine, put("b", "1"));
  log.commit(machine, del("a"));
  log.commit(machine, put("b", "2"), put("c", "1"));
  log.commit(machine, del("b"));
  return machine;
}

const [A, B, C] = [keyOf("a"), keyOf("b"), keyOf("c")];
const ALL = [
  `2: put ${A}`,
  `3: put ${B}`,
  `4: delete ${A}`,
  `5: put ${B}, put ${C}`,
  `6: delete ${B}`,
];

Deno.test("every revision tells what it changed, in the order of the keys", () => {
  assertEquals(story(machineOf(new Log()), 2), ALL);
});

Deno.test("after a restore every revision that is kept still tells what it changed (K8)", () => {
  const machine = machineOf(new Log());
  assertEquals(story(restored(snapshotBytes(machine)), 2), ALL);
});

Deno.test("a deletion right after the compacted revision is still told (K9)", () => {
  const log = new Log();
  const machine = machineOf(log);
  log.apply(machine, { kind: "compact", revision: 3 });
  // What can no longer be read is swept by the entries that follow.
  for (let more = 0; more < 3; more++) log.commit(machine);
  const nothing = ["7: ", "8: ", "9: "];
  assertEquals(story(machine, 4), [...ALL.slice(2), ...nothing]);
  assertEquals(story(restored(snapshotBytes(machine)), 4), [...ALL.slice(2), ...nothing]);
});

Deno.test("of what a revision ended, the values of the first MiB are read, and no more", () => {
  const log = new Log();
  const machine = new KvStateMachine();
  const sizeBytes = 100_000;
  for (let at = 0; at < 20; at++) log.commit(machine, put(`k${10 + at}`, "v".repeat(sizeBytes)));
  log.commit(machine, { kind: "delete_range", start: keyOf("k"), end: null });
  const events = [...machine.eventsAt(machine.revision, () => true)];
  assertEquals(events.length, 20);
  for (const [at, { before, isBeforeCut = false }] of events.entries()) {
    const isRead = at * (sizeBytes + 3) < 1_048_576;
    assertEquals([before?.value.length, isBeforeCut], [isRead ? sizeBytes : 0, !isRead]);
    assertEquals(before?.version, 1);
  }
});
