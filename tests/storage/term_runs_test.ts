import { assertEquals } from "@std/assert";
import { pcg32 } from "@raftkv/core/random";
import type { LogIndex } from "@raftkv/core/raft";
import { TermRuns } from "../../storage/term_runs.ts";
import { entriesOf, positionOf } from "../../storage/testing/fixtures.ts";

Deno.test("term runs answer as a list of all entries would", () => {
  const random = pcg32(7);
  const below = (n: number) => Math.floor(random() * n);
  for (let round = 0; round < 200; round++) {
    const base = positionOf(below(5), 1);
    const runs = new TermRuns(base);
    const naive = new Map<number, number>([[base.index, base.term]]);
    let first: number = base.index;
    let last: number = base.index;
    let term = 1;
    for (let step = 0; step < 20; step++) {
      if (random() < 0.2) {
        const through = first + below(last - first + 1);
        runs.dropThrough(through as LogIndex);
        for (let index = first; index < through; index++) naive.delete(index);
        first = through;
      } else {
        const from = first + 1 + below(last - first + 1);
        const to = from + below(4);
        term += below(2);
        runs.put(entriesOf(term, { first: from, last: to }));
        for (let index = from; index <= last; index++) naive.delete(index);
        for (let index = from; index <= to; index++) naive.set(index, term);
        last = to;
      }
      for (let index = 0; index <= last + 2; index++) {
        assertEquals<number | null>(runs.termAt(index as LogIndex), naive.get(index) ?? null);
      }
      assertEquals<number>(runs.last.index, last);
      assertEquals<number>(runs.base.index, first);
    }
  }
});
