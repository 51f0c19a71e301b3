/**
 * The JSON of what became of a transaction.
 *
 * @module
 */

import { unreachable } from "@raftkv/core";
import type { Committed, KvRecord, OperationResult } from "@raftkv/core/kv";
import { itemJson, leaseField } from "./answers.ts";

/** The answer of `POST /v1/txn`: one response for each operation of the branch that was taken. */
export function txnAnswer({ succeeded, results, revision }: Committed): string {
  return `{"succeeded":${succeeded},"responses":${responsesJson(results)},"revision":${revision}}`;
}

/** The fields of a `prevKv` or of several, each with a comma before it; empty if not asked for. */
export function prevKvsField(prevKvs: readonly KvRecord[] | undefined): string {
  return prevKvs === undefined ? "" : `,"prevKvs":${itemsJson(prevKvs)}`;
}

/** The field `prevKv`, with a comma before it; empty if not asked for. */
export function prevKvField(prevKv: KvRecord | null | undefined): string {
  return prevKv === undefined ? "" : `,"prevKv":${recordJson(prevKv)}`;
}

function responsesJson(results: readonly OperationResult[]): string {
  return `[${results.map(responseJson).join(",")}]`;
}

function responseJson(result: OperationResult): string {
  switch (result.kind) {
    case "get":
      return `{"get":{"kv":${recordJson(result.record)}}}`;
    case "put":
      return `{"put":{${writtenFields(result)}${leaseField(result.lease)}` +
        `${prevKvField(result.prevKv)}}}`;
    case "delete":
      return `{"delete":{"deleted":${result.deleted}${prevKvsField(result.prevKvs)}}}`;
    case "range": {
      const { records, count, more, keysOnly } = result;
      const items = records.map((record) => itemJson(record, { keysOnly })).join(",");
      return `{"range":{"items":[${items}],"count":${count},"more":${more}}}`;
    }
    case "increment":
      return `{"increment":{"value":"${result.value}",${writtenFields(result)}}}`;
    case "commit": {
      const { succeeded, results } = result;
      return `{"txn":{"succeeded":${succeeded},"responses":${responsesJson(results)}}}`;
    }
    default:
      return unreachable(result);
  }
}

/** Where a written key stands. */
export function writtenFields(written: {
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}): string {
  const { createRevision, modRevision, version } = written;
  return `"createRevision":${createRevision},"modRevision":${modRevision},"version":${version}`;
}

function recordJson(record: KvRecord | null): string {
  return record === null ? "null" : itemJson(record, { keysOnly: false });
}

function itemsJson(records: readonly KvRecord[]): string {
  return `[${records.map(recordJson).join(",")}]`;
}
