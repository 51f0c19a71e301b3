import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { checkHistory } from "@raftkv/sim/history";
import { generateHistory, type HistoryPlan } from "../../support/kv_histories.ts";

const plans = (unknownRate: number): fc.Arbitrary<HistoryPlan> =>
  fc.record({
    seed: fc.nat(),
    clients: fc.integer({ min: 1, max: 5 }),
    operations: fc.integer({ min: 1, max: 60 }),
    unknownRate: fc.constant(unknownRate),
    hasLeases: fc.boolean(),
  });

const NO_MINIMUM = { situationsMax: 100_000, minimum: { commands: 0, reads: 0 } };

Deno.test("a history of the real state machine is accepted, with the log it came from", () => {
  fc.assert(
    fc.property(plans(0.1), (plan) => {
      const { history, journal, machine } = generateHistory(plan);
      const finalRecords =
        machine.range({ start: "" as never, end: null, limit: 1_000, bytesMax: 1e9 })
          .records;
      const report = checkHistory({ history, journal, finalRecords }, NO_MINIMUM);
      assertEquals([report.findings, report.verdict], [[], "accepted"]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a history without unknown outcomes and leases needs no log to be accepted", () => {
  fc.assert(
    fc.property(plans(0), (plan) => {
      const { history } = generateHistory({ ...plan, hasLeases: false });
      const report = checkHistory({ history }, NO_MINIMUM);
      assertEquals([report.findings, report.verdict], [[], "accepted"]);
    }),
    { numRuns: 200 },
  );
});

Deno.test("with the log, the search need not guess what became of unknown outcomes", () => {
  fc.assert(
    fc.property(plans(0.6), (plan) => {
      const { history, journal } = generateHistory({ ...plan, operations: 80 });
      const report = checkHistory({ history, journal }, { ...NO_MINIMUM, situationsMax: 300 });
      assertEquals([report.findings, report.undecided], [[], []]);
    }),
    { numRuns: 100 },
  );
});
