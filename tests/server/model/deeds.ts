// What may be asked of the interface, as a request and not yet as HTTP.

import type { Compare, Operation, Txn } from "./store.ts";
import type { Range, Value } from "./values.ts";

/** Through which route a key is reached. */
export type Door = "kv" | "v1" | "byQuery";

/** `*`, or a revision. */
export type Tag = "*" | number;

/** How a write is named: a name, or a place in a session; `null` if it is not. */
export type Once = string | { readonly session: number; readonly sequence: number } | null;

/** A place in the past, counted back from the present; null if none is asked for. */
export type Back = number | null;

/** One request. */
export type Deed =
  | {
    readonly do: "get";
    readonly door: Door;
    readonly key: string;
    readonly back: Back;
    readonly raw: boolean;
    /** Whether the client says that it holds what stands there. */
    readonly holds: boolean;
    readonly head: boolean;
  }
  | {
    readonly do: "put";
    readonly door: Door;
    readonly key: string;
    readonly value: Value;
    readonly raw: boolean;
    readonly prevKv: boolean;
    readonly end: { readonly lease?: number; readonly ttl?: number };
    readonly ifMatch: Tag | null;
    readonly ifNoneMatch: Tag | null;
    readonly once: Once;
  }
  | {
    readonly do: "delete";
    readonly door: Door;
    readonly key: string;
    readonly prevKv: boolean;
    readonly ifMatch: Tag | null;
    readonly ifNoneMatch: Tag | null;
    readonly once: Once;
  }
  | {
    readonly do: "list";
    readonly door: "kv" | "v1" | "lines";
    readonly range: Range;
    readonly back: Back;
    readonly order: "asc" | "desc";
    readonly limit: number | null;
    readonly keysOnly: boolean;
    /** Put to some key between two pages. */
    readonly between: string | null;
  }
  | { readonly do: "count"; readonly range: Range; readonly back: Back }
  | {
    readonly do: "deleteRange";
    readonly range: Range;
    readonly prevKv: boolean;
    readonly once: Once;
  }
  | { readonly do: "txn"; readonly txn: Txn; readonly once: Once }
  | {
    readonly do: "increment";
    readonly operation: Operation & { readonly do: "increment" };
    readonly once: Once;
  }
  | {
    readonly do: "grant";
    readonly ttl: number;
    readonly lease: number | null;
    readonly once: Once;
  }
  | { readonly do: "keepAlive" | "revoke"; readonly lease: number; readonly once: Once }
  | { readonly do: "timeToLive"; readonly lease: number }
  | { readonly do: "leases"; readonly after: number; readonly limit: number }
  | { readonly do: "compact"; readonly back: number; readonly once: Once }
  | { readonly do: "openSession" }
  | {
    readonly do: "watch";
    readonly range: Range;
    readonly back: Back;
    readonly prevKv: boolean;
    readonly only: "put" | "delete" | null;
    readonly resumes: boolean;
  }
  /** No request: time passes. */
  | { readonly do: "wait"; readonly ms: number };

/** A request as it goes over HTTP. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  /** More of the query, as it stands. */
  readonly raw?: string;
}

/** The body of a transaction, as JSON. */
export function txnJson({ compare, success, failure }: Txn): string {
  const parts = [
    ...(compare.length === 0 ? [] : [`"compare":[${compare.map(compareJson).join(",")}]`]),
    ...(success.length === 0 ? [] : [`"success":[${success.map(operationJson).join(",")}]`]),
    ...(failure.length === 0 ? [] : [`"failure":[${failure.map(operationJson).join(",")}]`]),
  ];
  return `{${parts.join(",")}}`;
}

function compareJson({ range, target, result, operand }: Compare): string {
  const value = typeof operand === "number" ? `"value":${operand}` : operand.sent;
  return `{${rangeJson(range)},"target":"${target}","result":"${result}",${value}}`;
}

function operationJson(operation: Operation): string {
  switch (operation.do) {
    case "get":
      return `{"get":{"key":${JSON.stringify(operation.key)}}}`;
    case "put": {
      const { key, value, prevKv, lease, ttl } = operation;
      return `{"put":{"key":${JSON.stringify(key)},${value.sent}${prevKv ? ',"prevKv":true' : ""}` +
        `${lease === undefined ? "" : `,"lease":${lease}`}` +
        `${ttl === undefined ? "" : `,"ttl":"${ttl}"`}}}`;
    }
    case "delete":
      return `{"delete":{${rangeJson(operation.range)},"prevKv":${operation.prevKv}}}`;
    case "range": {
      const { range, limit, order, keysOnly, countOnly } = operation;
      return `{"range":{${rangeJson(range)},"limit":${limit},"order":"${order}",` +
        `"keysOnly":${keysOnly},"countOnly":${countOnly}}}`;
    }
    case "increment":
      return `{"increment":${incrementJson(operation)}}`;
    case "txn":
      return `{"txn":${txnJson(operation.txn)}}`;
  }
}

/** An increment, as JSON: its numbers in digits. */
export function incrementJson(
  { key, delta, min, max }: Operation & { readonly do: "increment" },
): string {
  return `{"key":${JSON.stringify(key)},"delta":${delta}` +
    `${min === undefined ? "" : `,"min":"${min}"`}${max === undefined ? "" : `,"max":${max}`}}`;
}

function rangeJson(range: Range): string {
  return Object.entries(range).map(([name, text]) => `"${name}":${JSON.stringify(text)}`).join(",");
}
