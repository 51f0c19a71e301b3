import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chartOf } from "../../bench/compare/chart.ts";
import { startRaftKv } from "../../bench/compare/raftkv_system.ts";
import { quantile, spreadOf } from "../../bench/compare/statistics.ts";
import { measure } from "../../bench/compare/suite.ts";
import { isMet, type Row, tableOf } from "../../bench/compare/table.ts";
import { isInstalled } from "../process/installed.ts";

const ROW: Row = {
  work: "PUT",
  unit: "a second",
  raftkv: { median: 300, min: 200, max: 400 },
  etcd: { median: 100, min: 90, max: 110 },
  ratio: 3,
  goal: { of: "ratio", atLeast: 4 },
};

Deno.test("A spread is the median with the least and the most", () => {
  assertEquals(spreadOf([5, 1, 9]), { median: 5, min: 1, max: 9 });
  assertEquals(spreadOf([4, 2]), { median: 3, min: 2, max: 4 });
  assertEquals(quantile([0, 10], 0.99), 9.9);
  assertEquals(spreadOf([Infinity, Infinity]).median, Infinity);
});

Deno.test("A goal is met at its bound and not beyond, and not met by what was not measured", () => {
  assertEquals(isMet(ROW), false);
  assertEquals(isMet({ ...ROW, ratio: 4 }), true);
  assertEquals(isMet({ ...ROW, ratio: null }), null);
  assertEquals(isMet({ ...ROW, goal: { of: "raftkv", atMost: 300 } }), true);
  assertEquals(isMet({ ...ROW, goal: { of: "raftkv", atMost: 299 } }), false);
  assertEquals(isMet({ ...ROW, goal: null }), null);
});

Deno.test("The table says what was measured, what was wanted and whether it was reached", () => {
  const table = tableOf([ROW, { ...ROW, work: "GET", etcd: null, ratio: null }]);
  assertStringIncludes(table, "300 (200–400)");
  const loaded = tableOf([{ ...ROW, generatorCores: { raftkv: 0.25, etcd: 0.125 } }]);
  assertStringIncludes(loaded, "| 0.250, 0.125");
  assertStringIncludes(table, "≥ 4 x");
  assertEquals(table.split("\n")[2]!.includes("missed"), true);
  assertEquals(table.split("\n")[3]!.includes("missed"), false);
});

Deno.test("The chart draws the rows that have a ratio, and escapes what they are called", () => {
  const chart = chartOf([{ ...ROW, work: "<PUT>" }, { ...ROW, work: "alone", ratio: null }], "a");
  assertStringIncludes(chart, "&lt;PUT>");
  assertEquals(chart.includes("alone"), false);
  assertEquals(chart.match(/<rect x/g)?.length, 1);
});

const lacks = await isInstalled("wrk") ? "" : " (skipped: wrk is not installed)";

Deno.test({
  name: `The bench measures RaftKV alone from end to end${lacks}`,
  ignore: lacks !== "",
  async fn() {
    await using raftkv = await startRaftKv();
    const scale = { rounds: 1, seconds: 1, kills: 1, keys: 0 };
    const rows: Row[] = [];
    const field = { raftkv, etcd: null, hasGrpc: false, scale, onStep: () => {} };
    for await (const row of measure(field)) rows.push(row);
    for (const { work, raftkv: own } of rows) assert(own !== null && own.median > 0, work);
    assertEquals(rows.length, 10);
  },
});
