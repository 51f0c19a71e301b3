/**
 * Reading NDJSON and storing it: lines, order, failures.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { IMPORT_CONCURRENCY, importLines } from "../../cli/importer.ts";
import { BadLine, type NumberedLine, type Pair, parsePair, readLines } from "../../cli/ndjson.ts";

const encoder = new TextEncoder();

/** The text in chunks of so many bytes, so that lines and characters are torn anywhere. */
function chunked(text: string | Uint8Array, size: number): ReadableStream<Uint8Array> {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  const count = Math.ceil(bytes.length / size);
  return ReadableStream.from(
    Array.from({ length: count }, (_, index) => bytes.slice(index * size, (index + 1) * size)),
  );
}

Deno.test("lines come out whole, however the stream is torn", async () => {
  const text = '{"a": "ü☃"}\n\n  \r\n{"b": 1}\r\nlast';
  for (let size = 1; size < 40; size += 1) {
    const lines = await Array.fromAsync(readLines(chunked(text, size)));
    assertEquals(lines.map((line) => [line.number, line.text.trim()]), [
      [1, '{"a": "ü☃"}'],
      [4, '{"b": 1}'],
      [5, "last"],
    ]);
    assertEquals(lines.at(-1)?.endBytes, encoder.encode(text).length);
  }
});

Deno.test("bytes that are no UTF-8 and lines without end are refused with their number", async () => {
  const broken = new Uint8Array([...encoder.encode("{}\n"), 0x22, 0xff, 0x22, 0x0a]);
  const bad = await assertRejects(() => Array.fromAsync(readLines(chunked(broken, 2))), BadLine);
  assertEquals([bad.line, bad.message], [2, "The line is not UTF-8"]);
  const endless = "{}\n".padEnd(4_000_000, "x");
  const long = await assertRejects(
    () => Array.fromAsync(readLines(chunked(endless, 9_999))),
    BadLine,
  );
  assertEquals(long.line, 2);
});

Deno.test("a line is a key and a value; what is neither is passed over, what lacks one refused", () => {
  const parse = (text: string) => parsePair({ number: 7, text, endBytes: 0 });
  assertEquals(parse('{"key": "a", "value": null}'), { key: "a", value: null });
  assertEquals(parse('{"key": "a", "value": [1], "version": 3}'), { key: "a", value: [1] });
  const bad = ["{", "[]", "null", '"x"', "{}", '{"key": "a"}', '{"key": 1, "value": 1}'];
  for (const text of bad) {
    const error = assertThrows(() => parse(text), BadLine);
    assertEquals(error.line, 7, text);
  }
  assertThrows(
    () => parse('{"key": "a", "value": "AA==", "encoding": "base64"}'),
    BadLine,
    "base64",
  );
});

async function* linesOf(pairs: readonly (Pair | string)[]): AsyncGenerator<NumberedLine> {
  for (const [index, pair] of pairs.entries()) {
    const text = typeof pair === "string" ? pair : JSON.stringify(pair);
    yield await Promise.resolve({ number: index + 1, text, endBytes: 0 });
  }
}

const pairs = (count: number) =>
  Array.from({ length: count }, (_, index): Pair => ({ key: `k${index + 1}`, value: index }));

Deno.test("as many requests are under way at once as the limit says", async () => {
  const waiting: (() => void)[] = [];
  let most = 0;
  const result = await importLines({
    lines: linesOf(pairs(6 * IMPORT_CONCURRENCY)),
    put: () => {
      const stored = new Promise<void>((resolve) => waiting.push(resolve));
      most = Math.max(most, waiting.length);
      // None is answered before as many are sent as may be.
      if (waiting.length >= IMPORT_CONCURRENCY) waiting.splice(0).forEach((resolve) => resolve());
      return stored;
    },
    onStored: () => {},
  });
  assertEquals(result, { stored: 6 * IMPORT_CONCURRENCY, failure: null });
  assertEquals(most, IMPORT_CONCURRENCY);
});

Deno.test("of two lines with one key the later one is sent after the earlier is stored", async () => {
  const log: string[] = [];
  await importLines({
    lines: linesOf([{ key: "a", value: 1 }, { key: "b", value: 2 }, { key: "a", value: 3 }]),
    put: async ({ value }) => {
      log.push(`send ${value}`);
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      log.push(`stored ${value}`);
    },
    onStored: () => {},
  });
  assert(log.indexOf("stored 1") < log.indexOf("send 3"), log.join(", "));
});

Deno.test("the first line that failed is named, whichever failed sooner", async () => {
  for (const [soon, late] of [["k5", "k3"], ["k3", "k5"]]) {
    const result = await importLines({
      lines: linesOf(pairs(20)),
      put: async ({ key }) => {
        const turns = key === soon ? 200 : key === late ? 400 : 0;
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        if (turns > 0) throw new Error("No luck");
      },
      onStored: () => {},
    });
    assertEquals(result.failure?.line, 3);
  }
});

Deno.test("a bad line ends the import after what was under way", async () => {
  const result = await importLines({
    lines: linesOf([...pairs(4), "rubbish", ...pairs(3)]),
    put: () => Promise.resolve(),
    onStored: () => {},
  });
  assertEquals([result.stored, result.failure?.line], [4, 5]);
});
