/**
 * The JSON of what became of a transaction.
 *
 * @module
 */

import { unreachable } from "@raftkv/core";
import type { Committed, KvRecord, OperationResult } from "@raftkv/core/kv";
import { itemJson, leaseField } from "./answers.ts";
import { joined, type SlicedText, type Slices } from "./sliced_text.ts";

/** The answer of `POST /v1/txn`: one response for each operation of the branch that was taken. */
export function* txnAnswer({ succeeded, results, revision }: Committed): Slices {
  const responses = yield* joined(results, responseJson);
  return `{"succeeded":${succeeded},"responses":[${responses}],"revision":${revision}}`;
}

/** The answer of `DELETE /v1/kv`. */
export function* deletedAnswer({ deleted, prevKvs }: DeleteResult, revision: number): Slices {
  return `{"deleted":${deleted}${yield* prevKvsField(prevKvs)},"revision":${revision}}`;
}

/** The field `prevKvs`, with a comma before it; empty if not asked for. */
function* prevKvsField(prevKvs: readonly KvRecord[] | undefined): Slices {
  return prevKvs === undefined ? "" : `,"prevKvs":[${yield* joined(prevKvs, recordJson)}]`;
}

/** The field `prevKv`, with a comma before it; empty if not asked for. */
export function prevKvField(prevKv: KvRecord | null | undefined): string {
  return prevKv === undefined ? "" : `,"prevKv":${recordJson(prevKv)}`;
}

function responseJson(result: OperationResult): SlicedText {
  switch (result.kind) {
    case "get":
      return `{"get":{"kv":${recordJson(result.record)}}}`;
    case "put":
      return `{"put":{${writtenFields(result)}${leaseField(result.lease)}` +
        `${prevKvField(result.prevKv)}}}`;
    case "delete":
      return deleteJson(result);
    case "range":
      return rangeJson(result);
    case "increment":
      return `{"increment":{"value":"${result.value}",${writtenFields(result)}}}`;
    case "commit":
      return nestedJson(result);
    default:
      return unreachable(result);
  }
}

function* deleteJson({ deleted, prevKvs }: DeleteResult): Slices {
  return `{"delete":{"deleted":${deleted}${yield* prevKvsField(prevKvs)}}}`;
}

function* rangeJson({ records, count, more, keysOnly }: ResultOf<"range">): Slices {
  const items = yield* joined(records, (record) => itemJson(record, { keysOnly }));
  return `{"range":{"items":[${items}],"count":${count},"more":${more}}}`;
}

function* nestedJson({ succeeded, results }: ResultOf<"commit">): Slices {
  const responses = yield* joined(results, responseJson);
  return `{"txn":{"succeeded":${succeeded},"responses":[${responses}]}}`;
}

type ResultOf<Kind> = Extract<OperationResult, { readonly kind: Kind }>;
type DeleteResult = ResultOf<"delete">;

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
