import { assertEquals } from "@std/assert";
import { FAILURES, LIMITS } from "@raftkv/core";
import { REQUEST_PARTS_MAX } from "../../server/json_builder.ts";
import { VALUE_DEPTH_MAX } from "../../server/stored_value.ts";
import { appUnderTest } from "./app_under_test.ts";
import { isFailureCode } from "./failure_codes.ts";

const DOCUMENT = Deno.readTextFileSync(new URL("../../docs/HTTP.md", import.meta.url));

/** The cells of the table under a heading, without its first two rows. */
function tableUnder(heading: string): string[][] {
  const section = DOCUMENT.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("the document's table of failures is the failure table", () => {
  const expected = Object.keys(FAILURES).filter(isFailureCode).map((code) => {
    const { status, retryable, outcome, meaning } = FAILURES[code];
    return [`\`${code}\``, `${status}`, retryable ? "yes" : "no", `\`${outcome}\``, meaning];
  });
  assertEquals(tableUnder("Failures"), expected);
});

Deno.test("the document's limits are the limits", () => {
  const limits = tableUnder("Limits").map(([, limit]) => limit?.replaceAll(",", "").split(" ")[0]);
  assertEquals(
    limits,
    [
      LIMITS.keyBytesMax,
      LIMITS.valueBytesMax,
      LIMITS.requestBytesMax,
      VALUE_DEPTH_MAX,
      LIMITS.listItemsMax,
      LIMITS.listBytesMax,
      REQUEST_PARTS_MAX,
      LIMITS.commitOperationsMax,
      LIMITS.commitDepthMax,
      LIMITS.commitRangeKeysMax,
      LIMITS.commitRangeKeyBytesMax,
      LIMITS.commitAnswerBytesMax,
      LIMITS.commitAnswerRecordsMax,
      LIMITS.leaseKeysMax,
      LIMITS.leaseKeyBytesMax,
      LIMITS.leaseTtlMsMax / 1_000,
    ].map(String),
  );
});

Deno.test("the document's routes are served, and no others", async () => {
  const { request } = appUnderTest();
  const documented = new Map<string, string[]>();
  for (const [route] of tableUnder("Routes")) {
    const [method = "", path = ""] = route?.replaceAll("`", "").split(" ") ?? [];
    documented.set(path, [...documented.get(path) ?? [], method]);
  }
  assertEquals(documented.size, 20);
  for (const [path, methods] of documented) {
    const { headers } = await request(path.replace(/:\w+/, "1"), { method: "OPTIONS" });
    const served = headers.get("allow")?.split(", ") ?? [];
    assertEquals(served.filter((method) => !/^(?:HEAD|OPTIONS)$/.test(method)), methods.sort());
  }
});
