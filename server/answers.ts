/**
 * The JSON of the key routes. It is put together as text: a stored JSON value goes out as it lies in
 * the store, unparsed, which keeps each digit of it and half of the time.
 *
 * @module
 */

import { type Key, keyToBytes, type KvRecord } from "@raftkv/core/kv";
import { joined, type Slices } from "./sliced_text.ts";

/** A `GetAnswer`. */
export function getAnswer(record: KvRecord, revision: number): string {
  return `{${keyValueFields(record)},"revision":${revision}}`;
}

/** A `ListAnswer`. */
export function* listAnswer(
  records: readonly KvRecord[],
  page: {
    readonly cursor: string | null;
    readonly revision: number;
    readonly keysOnly?: boolean;
  },
): Slices {
  const { keysOnly = false } = page;
  const items = yield* joined(records, (record) => itemJson(record, { keysOnly }));
  const cursor = JSON.stringify(page.cursor);
  return `{"items":[${items}],"cursor":${cursor},"revision":${page.revision}}`;
}

/** One item of a list: a `KeyValueJson`, perhaps without its value. */
export function itemJson(record: KvRecord, options: { readonly keysOnly: boolean }): string {
  const { keysOnly } = options;
  return keysOnly
    ? `{"key":${keyJson(record.key)},${historyFields(record)}}`
    : `{${keyValueFields(record)}}`;
}

/** The fields of a `KeyValueJson`, without the braces around them. */
function keyValueFields(record: KvRecord): string {
  return `"key":${keyJson(record.key)},${valueFields(record)},${historyFields(record)}`;
}

function historyFields({ createRevision, modRevision, version, lease }: KvRecord): string {
  return `"createRevision":${createRevision},"modRevision":${modRevision},"version":${version}` +
    leaseField(lease);
}

/** The field `lease` with a comma before it: a text, since ids may take all 53 bits. */
export function leaseField(lease: number | undefined): string {
  return lease === undefined ? "" : `,"lease":"${lease}"`;
}

function valueFields({ value, encoding }: KvRecord): string {
  switch (encoding) {
    case "text":
      return `"value":${JSON.stringify(decoder.decode(value))}`;
    case "json":
      return `"value":${decoder.decode(value)}`;
    case "bytes":
      return `"value":"${value.toBase64()}","encoding":"base64"`;
  }
}

/** A key as JSON. Every key came in as UTF-8, so decoding it cannot fail; most are ASCII and need none. */
export function keyJson(key: Key): string {
  return JSON.stringify(ASCII.test(key) ? key : decoder.decode(keyToBytes(key)));
}

// A stored text may begin with U+FEFF: by default the decoder would take it away.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
// deno-lint-ignore no-control-regex -- the range of ASCII begins with them
const ASCII = /^[\x00-\x7f]*$/;
