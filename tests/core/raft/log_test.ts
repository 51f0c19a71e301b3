import { assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import { entrySizeBytes, type LogIndex, type Term } from "@raftkv/core/raft";
import { RaftLog } from "../../../core/raft/log.ts";
import { entries, position } from "../../support/raft_messages.ts";

const at = (index: number) => index as LogIndex;

function log(base: readonly [number, number], terms: readonly number[]): RaftLog {
  return new RaftLog(position(base), entries(base[0], terms));
}

function termsOf(subject: RaftLog): (number | null)[] {
  const terms = [];
  for (let index = subject.base.index; index <= subject.lastIndex; index++) {
    terms.push(subject.termAt(at(index)));
  }
  return terms;
}

// [S-8]
Deno.test("the term at the base is known, before it and beyond the end it is not", () => {
  const subject = log([4, 2], [2, 3]);
  assertEquals(
    [3, 4, 5, 6, 7].map((index) => subject.termAt(at(index))),
    [null, 2, 2, 3, null]
      .map((term) => term as Term | null),
  );
});

Deno.test("an empty log ends at its base", () => {
  const subject = log([4, 2], []);
  assertEquals(subject.last, position([4, 2]));
  assertEquals(subject.lastIndex, at(4));
});

//
Deno.test("a gap and a term that goes back are refused", () => {
  const gap = entries(5, [3]);
  const back = entries(4, [1]);
  assertThrows(() => log([4, 2], []).append(gap[0]!), InvariantViolation);
  assertThrows(() => log([4, 2], []).append(back[0]!), InvariantViolation);
});

//
Deno.test("what was compacted away is never cut", () => {
  assertThrows(() => log([4, 2], [2]).truncateFrom(at(4)), InvariantViolation);
});

//
Deno.test("cutting drops an entry and all after it", () => {
  const subject = log([4, 2], [2, 3, 3]);
  subject.truncateFrom(at(6));
  assertEquals(termsOf(subject), [2, 2]);
  subject.truncateFrom(at(9));
  assertEquals(termsOf(subject), [2, 2]);
});

// [S-8]
Deno.test("compaction keeps the term at the boundary (R5)", () => {
  const subject = log([0, 0], [1, 2, 2, 3]);
  subject.compact(at(3));
  assertEquals(subject.base, position([3, 2]));
  assertEquals(termsOf(subject), [2, 3]);
  subject.compact(at(1));
  assertEquals(subject.base, position([3, 2]));
});

//
Deno.test("a batch stops at its byte limit but always holds one entry", () => {
  const subject = log([0, 0], [1, 1, 1, 1]);
  const one = entrySizeBytes(subject.entry(at(1)));
  const lengths = [0, one, 2 * one, 2 * one + 1, 9 * one]
    .map((limit) => subject.batchFrom(at(1), limit).length);
  assertEquals(lengths, [1, 1, 2, 2, 4]);
  assertEquals(subject.batchFrom(at(5), 100), []);
});

Deno.test("entries that are gone cannot be asked for", () => {
  assertThrows(() => log([4, 2], [2]).batchFrom(at(4), 100), InvariantViolation);
  assertThrows(() => log([4, 2], [2]).between(at(3), at(5)), InvariantViolation);
});

//
Deno.test("the last place that may agree is found like by a walk from the end", () => {
  for (const terms of nonDecreasing(5, 3)) {
    const subject = log([2, 1], terms.map((term) => term + 1));
    for (let from = 2; from <= 9; from++) {
      for (let term = 0; term <= 5; term++) {
        const found = subject.lastAtOrBelow(at(from), term as Term);
        let slow = position([2, 1]);
        for (const entry of subject.between(at(2), subject.lastIndex)) {
          if (entry.index <= from && entry.term <= term) slow = entry;
        }
        assertEquals([found.index, found.term], [slow.index, slow.term]);
      }
    }
  }
});

function* nonDecreasing(length: number, max: number, least = 0): Generator<number[]> {
  yield [];
  if (length === 0) return;
  for (let first = least; first <= max; first++) {
    for (const rest of nonDecreasing(length - 1, max, first)) yield [first, ...rest];
  }
}

// [S-10]
Deno.test("the last entries of so many bytes begin behind the first that is too many", () => {
  const subject = log([4, 2], [2, 3, 3, 3, 3]);
  const size = entrySizeBytes(subject.entry(at(5)));
  const starts = [0, size - 1, size, 3 * size, 100 * size].map((bytes) =>
    subject.startOfLast(bytes, at(8))
  );
  assertEquals(starts, [8, 8, 7, 5, 4].map(at));
});
