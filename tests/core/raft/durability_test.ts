import { assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import type { HardState, LogIndex, NodeId, Term, Ticket } from "@raftkv/core/raft";
import { Durability } from "../../../core/raft/durability.ts";
import { RaftLog } from "../../../core/raft/log.ts";
import { entries, position } from "../../support/raft_messages.ts";

const at = (index: number) => index as LogIndex;
const state = (term: number, votedFor: string | null = null): HardState => ({
  term: term as Term,
  votedFor: votedFor as NodeId | null,
});

function setUp(terms: readonly number[], durable: number) {
  const log = new RaftLog(position([0, 0]), entries(0, terms));
  const stored = new RaftLog(position([0, 0]), entries(0, terms.slice(0, durable)));
  const subject = new Durability(state(1), stored);
  const batch = (hardState = state(1), nowMs = 0) => subject.nextBatch(log, { hardState, nowMs });
  const replaceFrom = (index: number, replacement: readonly number[]) => {
    log.truncateFrom(at(index));
    subject.onTruncated(at(index));
    for (const entry of entries(index - 1, replacement)) log.append(entry);
  };
  return { log, subject, batch, replaceFrom };
}

Deno.test("nothing new makes no batch", () => {
  assertEquals(setUp([1, 1], 2).batch(), null);
});

Deno.test("a batch holds what is not durable, and term and vote only if they changed", () => {
  const { batch } = setUp([1, 1, 1], 1);
  const first = batch();
  assertEquals(first?.entries.map(({ index }) => index), [at(2), at(3)]);
  assertEquals(first?.hardState, null);
  assertEquals(setUp([1], 1).batch(state(1, "n2"))?.hardState, state(1, "n2"));
});

// [R-10] [D-4]
Deno.test("one batch is on its way at a time; what arrives meanwhile forms the next", () => {
  const { log, subject, batch } = setUp([1, 1], 0);
  const first = batch();
  for (const entry of entries(2, [1])) log.append(entry);
  assertEquals(batch(), null);
  assertEquals(subject.index, at(0));
  subject.onPersisted(first!.ticket);
  assertEquals(subject.index, at(2));
  assertEquals(batch()?.entries.map(({ index }) => index), [at(3)]);
});

// [D-1]
Deno.test("term and vote count as durable only when their batch is", () => {
  const { subject, batch } = setUp([], 0);
  const first = batch(state(3, "n2"));
  assertEquals([subject.term, subject.holds(3 as Term, "n2" as NodeId)], [1 as Term, false]);
  subject.onPersisted(first!.ticket);
  assertEquals([subject.term, subject.holds(3 as Term, "n2" as NodeId)], [3 as Term, true]);
});

// [D-1]
Deno.test("a vote that is not yet durable is not held, though its term is", () => {
  const { subject } = setUp([], 0);
  assertEquals(subject.holds(1 as Term, "n2" as NodeId), false);
});

// [D-4]
Deno.test("a completion of entries replaced meanwhile does not make the new ones durable (R8)", () => {
  const { subject, batch, replaceFrom } = setUp([1, 1, 1, 1], 0);
  const first = batch();
  replaceFrom(3, [2, 2]);
  subject.onPersisted(first!.ticket);
  assertEquals(subject.index, at(2));
  assertEquals(batch()?.entries.map(({ term }) => term), [2 as Term, 2 as Term]);
});

// [D-4]
Deno.test("two replacements during one write leave what both left (R8)", () => {
  const { subject, batch, replaceFrom } = setUp([1, 1, 1, 1, 1], 0);
  const first = batch();
  replaceFrom(2, [2, 2, 2, 2]);
  replaceFrom(4, [3]);
  subject.onPersisted(first!.ticket);
  assertEquals(subject.index, at(1));
});

// [D-4]
Deno.test("durable entries that are replaced are written again", () => {
  const { subject, batch, replaceFrom } = setUp([1, 1, 1], 3);
  replaceFrom(3, [2]);
  assertEquals(subject.index, at(2));
  assertEquals(batch()?.entries.map(({ index, term }) => `${index}/${term}`), ["3/2"]);
});

// [D-4]
Deno.test("a completion that names no batch on its way is a broken host", () => {
  const { subject, batch } = setUp([1], 0);
  const first = batch();
  assertThrows(() => subject.onPersisted((first!.ticket + 1) as Ticket), InvariantViolation);
  subject.onPersisted(first!.ticket);
  assertThrows(() => subject.onPersisted(first!.ticket), InvariantViolation);
});

Deno.test("how long a write has taken is known, and 0 when there is none", () => {
  const { subject, batch } = setUp([1], 0);
  assertEquals(subject.writingForMs(900), 0);
  const first = batch(state(1), 100);
  assertEquals(subject.writingForMs(900), 800);
  subject.onPersisted(first!.ticket);
  assertEquals(subject.writingForMs(900), 0);
});

// [S-9]
Deno.test("no snapshot takes the log's place while a batch is written", () => {
  const { log, subject, batch } = setUp([1], 0);
  batch();
  assertThrows(() => subject.onInstalled(log), InvariantViolation);
});

/** A log of five entries, of which some are lost. */
function damaged(lost: readonly number[]) {
  const held = entries(0, [1, 1, 1, 1, 1]);
  const log = new RaftLog(
    position([0, 0]),
    held.map((entry) => {
      const { index, term } = entry;
      return lost.includes(index) ? { kind: "lost" as const, index, term } : entry;
    }),
  );
  const subject = new Durability(state(1), log);
  const batch = () => subject.nextBatch(log, { hardState: state(1), nowMs: 0 });
  return { log, subject, batch, held };
}

// [D-6]
//
Deno.test("what stands behind a lost entry does not count as durable until that is written again", () => {
  const { log, subject, batch, held } = damaged([2, 4]);
  assertEquals([subject.index, batch()], [at(1), null]);
  log.maybeRestore(held[3]!);
  const first = batch()!;
  assertEquals([first.entries, first.repairs], [[], [held[3]!]]);
  log.maybeRestore(held[1]!);
  assertEquals(subject.index, at(1));
  subject.onPersisted(first.ticket);
  assertEquals(subject.index, at(1), "entry 2 is back, but not on the disk");
  const second = batch()!;
  assertEquals(second.repairs, [held[1]!]);
  subject.onPersisted(second.ticket);
  assertEquals([subject.index, batch()], [at(5), null]);
});

// [D-7]
Deno.test("lost entries that another leader replaces need no repair", () => {
  const { log, subject, batch } = damaged([4]);
  log.truncateFrom(at(4));
  subject.onTruncated(at(4));
  for (const entry of entries(3, [2])) log.append(entry);
  const replacing = batch()!;
  assertEquals([replacing.entries.length, replacing.repairs], [1, []]);
  subject.onPersisted(replacing.ticket);
  assertEquals(subject.index, at(4));
});

// [D-7]
//
Deno.test("new entries behind a lost one are written, and not acknowledged", () => {
  const { log, subject, batch } = damaged([3]);
  for (const entry of entries(5, [1])) log.append(entry);
  const first = batch()!;
  assertEquals(first.entries.length, 1);
  subject.onPersisted(first.ticket);
  assertEquals(subject.index, at(2));
});
