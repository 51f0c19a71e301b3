import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import { encodeCommand, type Key, KEY_FIRST, KvStateMachine } from "@raftkv/core/kv";
import type { DeleteOperation, PutOperation, RangeRequest } from "@raftkv/core/kv";
import fc from "fast-check";
import { someBound, someWrite } from "./arbitrary_commit.ts";
import { bytesOfText, del, keyOf, Log, put, restored, snapshotBytes } from "./apply.ts";
import { ReferenceModel } from "./reference_model.ts";

type Write = PutOperation | DeleteOperation;

const EVERYTHING: RangeRequest = { start: KEY_FIRST, end: null, limit: 10_000, bytesMax: 1e9 };

const someStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.uniqueArray(someWrite, { maxLength: 4, selector: ({ key }) => key }),
  },
  { weight: 1, arbitrary: fc.record({ back: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.constant("restart" as const) },
);

interface Question {
  readonly start: Key;
  readonly end: Key | null;
  readonly limit: number;
  readonly descending: boolean;
}

const someQuestion: fc.Arbitrary<Question> = fc.record({
  start: someBound,
  end: fc.option(someBound),
  limit: fc.integer({ min: 1, max: 4 }),
  descending: fc.boolean(),
});

Deno.test("every readable revision is what it was, in pages of any size and either direction", () => {
  fc.assert(
    fc.property(fc.array(someStep, { maxLength: 60 }), someQuestion, (steps, question) => {
      const model = new ReferenceModel();
      const machine = run(steps, model);
      assertEquals(machine.revision, model.revision);
      assertEquals(machine.compactRevision, model.compactRevision);
      for (let at = Math.max(1, model.compactRevision); at <= model.revision; at++) {
        const expected = model.range(at, question);
        if (question.descending) expected.reverse();
        assertEquals(pagesOf(machine, { ...question, revision: at, bytesMax: 1e9 }), expected);
        for (const [key, record] of model.at(at)) assertEquals(machine.get(key, at), record);
      }
      assertEquals(machine.count(question), model.range(model.revision, question).length);
    }),
    { numRuns: 300 },
  );
});

/** Applies the steps to both, and returns the machine, which may have been restored on the way. */
function run(
  steps: readonly (Write[] | { back: number } | "restart")[],
  model: ReferenceModel,
) {
  let machine = new KvStateMachine();
  const log = new Log();
  for (const step of steps) {
    if (step === "restart") {
      machine = restored(snapshotBytes(machine));
    } else if (Array.isArray(step)) {
      const { results, revision } = log.commit(machine, ...step);
      assertEquals({ succeeded: true, results }, model.commit({ operations: step }));
      assertEquals(revision, model.revision);
    } else {
      const revision = model.revision - step.back;
      const isGood = revision > model.compactRevision;
      const result = log.apply(machine, { kind: "compact", revision: Math.max(0, revision) });
      assertEquals(result.kind, isGood ? "compacted" : "refused");
      if (isGood) model.compactRevision = revision;
    }
  }
  return machine;
}

function pagesOf(machine: KvStateMachine, request: RangeRequest) {
  const records = [];
  for (let after: Key | null | undefined = undefined; after !== null;) {
    const page = machine.range(after === undefined ? request : { ...request, after });
    assert(page.records.length <= request.limit);
    records.push(...page.records);
    after = page.next;
  }
  return records;
}

Deno.test("a revision before the compaction, or one to come, cannot be read", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 5; i++) log.commit(machine, put("a", `${i}`));
  log.apply(machine, { kind: "compact", revision: 4 });
  assertEquals(machine.get(keyOf("a"), 4)?.value, bytesOfText("2"));
  for (const revision of [0, 3, 7]) {
    assertThrows(() => machine.get(keyOf("a"), revision), InvariantViolation);
    assertThrows(() => machine.range({ ...EVERYTHING, revision }), InvariantViolation);
  }
});

Deno.test("compaction is refused twice and ahead of time, with the revision that matters", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 5; i++) log.commit(machine, put("a", `${i}`));
  const compact = (revision: number) => log.apply(machine, { kind: "compact", revision });
  assertEquals(compact(7), { kind: "refused", reason: "future_revision", revision: 6 });
  assertEquals(compact(5), { kind: "compacted", compactRevision: 5, revision: 6 });
  assertEquals(compact(5), { kind: "refused", reason: "compacted", revision: 5 });
  assertEquals(compact(0), { kind: "refused", reason: "compacted", revision: 5 });
  assertEquals(compact(6), { kind: "compacted", compactRevision: 6, revision: 6 });
  assertEquals(machine.revision, 6);
});

Deno.test("what was compacted is swept a little with each entry, until nothing is left", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 1_000; i++) log.commit(machine, put("a", `${i}`));
  assertEquals(machine.pastSize, 999);
  log.apply(machine, { kind: "compact", revision: 1_001 });
  const afterOne = machine.pastSize;
  assert(afterOne > 900 && afterOne < 999);
  log.commit(machine);
  assert(machine.pastSize < afterOne);
  for (let i = 0; i < 40; i++) log.commit(machine);
  assertEquals(machine.pastSize, 0);
  assertEquals(machine.get(keyOf("a"))?.value, bytesOfText("999"));
});

Deno.test("what is left to sweep survives a restart, and replicas stay equal", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 500; i++) {
    log.commit(machine, put(`k${i % 7}`, `${i}`), del(`k${(i + 3) % 7}`));
  }
  log.apply(machine, { kind: "compact", revision: 400 });
  const twin = restored(snapshotBytes(machine));
  for (let i = 0; i < 30; i++) {
    const operations = [put("x", `${i}`)];
    const entry = log.entry(encodeCommand({ kind: "commit", operations }));
    assertEquals(twin.apply(entry), machine.apply(entry));
    assertEquals(twin.pastSize, machine.pastSize);
  }
  assertEquals(snapshotBytes(twin), snapshotBytes(machine));
});

Deno.test("a view keeps its past through a later compaction", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 300; i++) log.commit(machine, put("a", `${i}`));
  const view = machine.view();
  log.apply(machine, { kind: "compact", revision: 301 });
  for (let i = 0; i < 20; i++) log.commit(machine, put("a", "later"));
  assertEquals(machine.pastSize, 20);
  for (let i = 0; i < 300; i++) {
    assertEquals(view.get(keyOf("a"), i + 2)?.value, bytesOfText(`${i}`));
  }
});

Deno.test("keys only: values stay away, and count for nothing in the page's size", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (const key of ["a", "b"]) log.commit(machine, put(key, "x".repeat(5_000)));
  const page = machine.range({ ...EVERYTHING, keysOnly: true, bytesMax: 100 });
  assertEquals(page.records.map(({ key, value }) => [key, value.length]), [
    [keyOf("a"), 0],
    [keyOf("b"), 0],
  ]);
});

Deno.test("a page of the past ends after a bounded look, however little it found", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  log.commit(machine, put("z", "old"));
  for (let i = 0; i < 9_000; i++) log.commit(machine, put(`k${i}`, ""));
  const first = machine.range({ ...EVERYTHING, revision: 2 });
  assertEquals(first.records, []);
  assert(first.next !== null);
  const records = pagesOf(machine, { ...EVERYTHING, revision: 2 });
  assertEquals(records.map(({ key }) => key), [keyOf("z")]);
});
