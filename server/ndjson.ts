/**
 * A range as newline-delimited JSON: made a slice at a time, when the client has taken the slice
 * before, from a state that no longer changes. However large the range, the node holds one slice of
 * it, and other requests come between two.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import type { Key, KvReader, RangeRequest } from "@raftkv/core/kv";
import { itemJson } from "./answers.ts";

/** What becomes a stream. */
export interface NdjsonRange {
  /** A view: it stays as it is for as long as the stream lasts. */
  readonly view: KvReader;
  /** Its limit is that of the whole stream. */
  readonly range: RangeRequest;
}

/** One line for each record, then one with how many there were and the revision they are of. */
export function ndjsonOf({ view, range }: NdjsonRange): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const { keysOnly = false, revision = view.revision } = range;
  let after = range.after;
  let count = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      // Always at least one turn of the event loop between two slices, however fast the client is.
      await setImmediate();
      const limit = Math.min(SLICE_ITEMS, range.limit - count);
      const next: Key | null | undefined = after;
      const page = view.range({
        ...range,
        ...(next === undefined ? {} : { after: next }),
        limit,
        bytesMax: SLICE_BYTES,
      });
      let text = "";
      for (const record of page.records) text += `${itemJson(record, { keysOnly })}\n`;
      count += page.records.length;
      const isLast = page.next === null || count >= range.limit;
      if (isLast) {
        text += `{"count":${count},"more":${page.next !== null},"revision":${revision}}\n`;
      } else after = page.next ?? undefined;
      if (text !== "") controller.enqueue(encoder.encode(text));
      if (isLast) controller.close();
    },
  }, { highWaterMark: 0 });
}

/** How many keys a range had at a past revision, counted in slices. */
export async function countAt({ view, range }: NdjsonRange): Promise<number> {
  let count = 0;
  for (let after: Key | null | undefined = range.after; after !== null;) {
    const page = view.range({
      ...range,
      ...(after === undefined ? {} : { after }),
      keysOnly: true,
      limit: SLICE_ITEMS,
      bytesMax: SLICE_BYTES,
    });
    count += page.records.length;
    after = page.next;
    await setImmediate();
  }
  return count;
}

const SLICE_ITEMS = 500;
const SLICE_BYTES = 131_072;
