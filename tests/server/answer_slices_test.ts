// Answers with much in them are written some in a turn, whichever door they go out by, and are the
// same as if they had been written at once.

import { setImmediate } from "node:timers";
import { assert, assertEquals } from "@std/assert";
import { LIMITS } from "@raftkv/core";
import type { Committed, Key, KvRecord, OperationResult } from "@raftkv/core/kv";
import { listAnswer } from "../../server/answers.ts";
import { begun, type SlicedText, type Slices } from "../../server/sliced_text.ts";
import { deletedAnswer, txnAnswer } from "../../server/txn_answers.ts";
import { appUnderTest } from "./app_under_test.ts";

/** Counts the values that are written. */
class Pen {
  written = 0;

  record(at: number, sizeBytes: number): KvRecord {
    const value = new Uint8Array(sizeBytes).fill(97);
    const record = {
      key: `k${at}` as Key,
      encoding: "text" as const,
      createRevision: 2,
      modRevision: 2,
      version: 1,
    };
    const get = () => {
      this.written++;
      return value;
    };
    return Object.defineProperty(record, "value", { get }) as unknown as KvRecord;
  }

  records(count: number, sizeBytes: number): KvRecord[] {
    return Array.from({ length: count }, (_, at) => this.record(at, sizeBytes));
  }
}

/** The most values that were written between two yields, and the whole. */
function slicesOf(pen: Pen, slices: Slices): { readonly most: number; readonly text: string } {
  let most = 0;
  for (;;) {
    const before = pen.written;
    const next = slices.next();
    most = Math.max(most, pen.written - before);
    if (next.done === true) return { most, text: next.value };
  }
}

const range = (records: readonly KvRecord[]): OperationResult => (
  { kind: "range", records, count: records.length, more: false, keysOnly: false }
);
const committed = (results: readonly OperationResult[]): Committed => (
  { kind: "committed", revision: 9, succeeded: true, results }
);

Deno.test("a page, a transaction and a deletion are written some values at a time", () => {
  const size = LIMITS.valueBytesMax;
  for (
    const [count, sizeBytes, most] of [[2, size, 1], [64, 32_768, 8], [2_000, 1_000, 250]] as const
  ) {
    const pen = new Pen();
    const records = pen.records(count, sizeBytes);
    const nested: OperationResult = { kind: "commit", succeeded: true, results: [range(records)] };
    const deletion = { kind: "delete", deleted: count, prevKvs: records } as const;
    for (
      const slices of [
        listAnswer(records, { cursor: null, revision: 9 }),
        txnAnswer(committed([range(records)])),
        txnAnswer(committed([nested])),
        txnAnswer(committed([deletion])),
        txnAnswer(committed(records.map((record) => range([record])))),
        deletedAnswer(deletion, 9),
      ]
    ) {
      const { most: written, text } = slicesOf(pen, slices);
      assert(written <= most, `${written} values of ${sizeBytes} bytes in one slice`);
      assertEquals(text.split('"version":1').length - 1, count);
      JSON.parse(text);
    }
  }
});

Deno.test("an answer that is short is there at once", () => {
  const isThere = (text: SlicedText) => typeof text === "string";
  const page = { cursor: null, revision: 9 };
  assertEquals(isThere(begun(listAnswer(new Pen().records(100, 1_000), page))), true);
  assertEquals(isThere(begun(listAnswer(new Pen().records(1, LIMITS.valueBytesMax), page))), false);
});

Deno.test("a large page goes out over HTTP as one that was written at once would", async () => {
  const { put, request } = appUnderTest();
  const value = "v".repeat(900_000);
  for (const key of ["a", "b"]) await put(`/v1/kv/${key}`, JSON.stringify({ value }));
  const { length } = await (await request("/v1/kv")).text();
  assert(length > 2 * value.length);
  for (const path of ["/v1/kv", "/kv"]) {
    const answer = await request(path);
    assertEquals(answer.headers.get("raftkv-revision"), "3");
    const { items, cursor } = await answer.json();
    assertEquals(cursor, null);
    assertEquals(items.map((item: { value: string }) => item.value.length), [900_000, 900_000]);
  }
  const success = ["a", "b"].map((key) => ({ get: { key } }));
  const txn = await request("/v1/txn", { method: "POST", body: JSON.stringify({ success }) });
  assertEquals((await txn.json()).responses.length, 2);
  const deleted = await request("/v1/kv?prefix=&prevKv=true", { method: "DELETE" });
  assertEquals((await deleted.json()).prevKvs.length, 2);
});

Deno.test("others have their turns while a large page is written", async () => {
  const { put, request } = appUnderTest();
  const value = "v".repeat(900_000);
  for (const key of ["a", "b"]) await put(`/v1/kv/${key}`, JSON.stringify({ value }));
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  const answer = request("/v1/kv").then((response) => {
    isOver = true;
    return response;
  });
  count();
  await (await answer).text();
  assert(turns >= 2, `${turns} turns`);
});
