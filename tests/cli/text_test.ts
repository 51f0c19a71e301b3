/**
 * The small pieces that turn values into text and back.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { describeStatus } from "../../cli/commands/status.ts";
import { parseDurationMs } from "../../cli/duration.ts";
import { printable, printablePair, printableValue } from "../../cli/printable.ts";
import { progressLine } from "../../cli/progress.ts";
import { styleOf } from "../../cli/style.ts";
import { editDistance, suggest } from "../../cli/suggest.ts";
import { tableLines } from "../../cli/table.ts";
import { FakeSink } from "./fake_surroundings.ts";

Deno.test("the status of a cluster with millions of entries fits a terminal of 80 columns", () => {
  const id = "0123456789abcdef0123456789abcdef";
  const indices = { lastIndex: 9_999_999, commitIndex: 9_999_999, appliedIndex: 9_999_999 };
  const node = {
    reachable: true,
    term: 99_999,
    snapshotIndex: 0,
    revision: 99_999_999,
    ...indices,
  };
  const role = "follower" as const;
  const text = describeStatus({
    clusterId: id,
    nodeId: "n1",
    leaderId: "n2",
    term: 99_999,
    nodes: [{ id: "n1", url: "http://10.0.0.1:8001", role, leaderId: "n2", ...node }],
  }, styleOf(new FakeSink(), { env: () => undefined }));
  for (const line of text.split("\n")) assert(line.length <= 80, `${line.length}: ${line}`);
});

Deno.test("durations have a unit and are above nothing", () => {
  const cases: readonly (readonly [string, number | null])[] = [
    ["500ms", 500],
    ["5s", 5_000],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["5", null],
    ["0s", null],
    ["-1s", null],
    ["5 s", null],
    ["1e3s", null],
    ["", null],
    ["s", null],
  ];
  for (const [text, durationMs] of cases) assertEquals(parseDurationMs(text), durationMs, text);
});

Deno.test("text is shown as it is, unless it would break the line or steer the terminal", () => {
  assertEquals(printable("postgres.internal"), "postgres.internal");
  assertEquals(printable('ü "☃" \\'), 'ü "☃" \\');
  assertEquals(printable("a\nb"), '"a\\nb"');
  assertEquals(printable("\x1b[31mred"), '"\\u001b[31mred"');
  assertEquals(printable("\x9b31m"), '"\\u009b31m"');
  assertEquals(printable("abc\u202edef"), '"abc\\u202edef"');
  assertEquals(printablePair({ key: "k", value: { a: [1, null] } }), 'k = {"a":[1,null]}');
  assertEquals(printablePair({ key: "a\tb", value: 5 }), '"a\\tb" = 5');
});

Deno.test("the distance of words counts letters changed, added, lost and swapped", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["", "", 0],
    ["", "abc", 3],
    ["get", "get", 0],
    ["gte", "get", 1],
    ["gett", "get", 1],
    ["gt", "get", 1],
    ["got", "get", 1],
    ["status", "stauts", 1],
    ["import", "export", 2],
  ];
  for (const [a, b, distance] of cases) {
    assertEquals(editDistance(a, b), distance, `${a} ${b}`);
    assertEquals(editDistance(b, a), distance, `${b} ${a}`);
  }
});

Deno.test("a near miss is answered by the word that was meant, a far one by silence", () => {
  const words = ["put", "get", "status", "import", "export"];
  assertEquals(suggest("stauts", words), "status");
  assertEquals(suggest("improt", words), "import");
  assertEquals(suggest("gt", words), "get");
  assertEquals(suggest("frobnicate", words), undefined);
});

Deno.test("columns are as wide as their widest cell", () => {
  const columns = [{ title: "NODE", align: "left" }, { title: "LOG", align: "right" }] as const;
  assertEquals(tableLines(columns, [["n1", "12345"], ["a-long-name"]]), [
    "NODE           LOG",
    "n1           12345",
    "a-long-name",
  ]);
});

Deno.test("progress shows a bar where the end is known, and fits its line", () => {
  const state = { count: 1_234, bytes: 50, bytesTotal: 100, elapsedMs: 500 };
  assertEquals(progressLine(state, 80), "[############------------]  50%  1,234 keys, 2,468/s");
  assertEquals(progressLine({ ...state, bytesTotal: undefined }, 80), "1,234 keys, 2,468/s");
  assertEquals(progressLine({ ...state, bytes: 200 }, 80).includes("100%"), true);
  assertEquals(
    progressLine({ ...state, count: 0, elapsedMs: 0, bytesTotal: 0 }, 80),
    "0 keys, 0/s",
  );
  assertEquals(progressLine(state, 10).length, 9);
});

Deno.test("no value steers the reader's terminal, however deep it hides", () => {
  assertEquals(printableValue({ deep: ["\u009b31m\u202e"] }), '{"deep":["\\u009b31m\\u202e"]}');
});
