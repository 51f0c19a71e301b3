import { assertEquals } from "@std/assert";
import {
  decide,
  type Row,
  SEGMENT_TABLE,
  type SegmentFacts,
  SNAPSHOT_TABLE,
  type SnapshotFacts,
} from "../../storage/recovery.ts";

const FLAGS = [false, true];

const SEGMENT_FACTS: SegmentFacts[] = (["clean", "torn", "rotten"] as const).flatMap((tail) =>
  FLAGS.flatMap((isSealed) =>
    (["none", "continues", "strays"] as const).flatMap((next) =>
      (["known", "unknown"] as const).map((vote) => ({ tail, isSealed, next, vote }))
    )
  )
);

const SNAPSHOT_FACTS: SnapshotFacts[] = (["sound", "damaged", "unreadable"] as const).flatMap(
  (content) =>
    (["within", "below", "outside"] as const).flatMap((place) =>
      FLAGS.map((logReached) => ({ content, place, logReached }))
    ),
);

Deno.test("every segment that can be found has exactly one verdict", () => {
  for (const facts of SEGMENT_FACTS) decide(SEGMENT_TABLE, facts);
});

Deno.test("every snapshot that can be found has exactly one verdict", () => {
  for (const facts of SNAPSHOT_FACTS) decide(SNAPSHOT_TABLE, facts);
});

Deno.test("every row decides something", () => {
  const idle = <Facts extends object>(table: readonly Row<Facts, unknown>[], facts: Facts[]) =>
    table.filter(({ when }) =>
      !facts.some((each) =>
        Object.entries({ ...each, ...when }).every(([k, v]) =>
          (each as Record<string, unknown>)[k] === v
        )
      )
    );
  assertEquals(idle(SEGMENT_TABLE, SEGMENT_FACTS), []);
  assertEquals(idle(SNAPSHOT_TABLE, SNAPSHOT_FACTS), []);
});

Deno.test("something is cut only at the very end of the log, or after all that the next segment continues", () => {
  for (const facts of SEGMENT_FACTS) {
    const { action } = decide(SEGMENT_TABLE, facts);
    const isCut = action === "cut" || (action === "seal" && facts.tail !== "clean");
    if (!isCut) continue;
    assertEquals(facts.tail, "torn");
    assertEquals(facts.isSealed, false);
    assertEquals(facts.next === "strays", false);
  }
});

Deno.test("a segment whose last vote may be damaged is opened only if a later one begins with it", () => {
  for (const facts of SEGMENT_FACTS) {
    if (facts.vote === "known" || facts.next !== "none") continue;
    assertEquals(decide(SEGMENT_TABLE, facts).action, "refuse", JSON.stringify(facts));
  }
});

Deno.test("a node may go on as itself unless its end, its vote or the order of its files is in doubt", () => {
  for (const facts of SEGMENT_FACTS) {
    const { tail, isSealed, next, vote } = facts;
    const isEndKnown = next === "continues" || (next === "none" && !isSealed && vote === "known");
    const isTailExplained = tail === "clean" || (tail === "torn" && !isSealed);
    const opens = decide(SEGMENT_TABLE, facts).action !== "refuse";
    assertEquals(opens, isEndKnown && isTailExplained, JSON.stringify(facts));
  }
  const refused = SNAPSHOT_FACTS.filter((facts) =>
    decide(SNAPSHOT_TABLE, facts).action === "refuse"
  );
  for (const { place, logReached } of refused) assertEquals([place, logReached], ["outside", true]);
});

Deno.test("a log is replaced only by a sound snapshot that never had it whole", () => {
  for (const facts of SNAPSHOT_FACTS) {
    if (decide(SNAPSHOT_TABLE, facts).action !== "replace") continue;
    assertEquals(facts, { content: "sound", place: "outside", logReached: false });
  }
});
