/**
 * etcd 3.4 behind its JSON gateway.
 *
 * @module
 */

import { unreachable } from "@raftkv/core";
import type { Answer, Failure, Kv, OpAnswer } from "./answer.ts";
import type { Compare, Keys, Op, Step, Txn } from "./step.ts";

type Json = Readonly<Record<string, unknown>>;

const FAILURES: readonly (readonly [message: string, failure: Failure])[] = [
  ["required revision has been compacted", "compacted"],
  ["required revision is a future revision", "future_revision"],
  ["requested lease not found", "lease_not_found"],
  ["lease already exists", "lease_exists"],
  ["duplicate key given in txn request", "duplicate_key"],
];

/** A running etcd. */
export class EtcdStore {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Carries a step out. */
  async ask(step: Step): Promise<Answer> {
    switch (step.kind) {
      case "put": {
        const asked = { ...putJson(step), prev_kv: step.prevKv };
        return this.#answer("kv/put", asked, ({ prev_kv: before }) => ({
          kind: step.kind,
          prevKv: before === undefined ? null : kvOf(before),
        }));
      }
      case "delete":
        return this.#answer("kv/deleterange", deleteJson(step), (json) => ({
          kind: step.kind,
          ...deletedOf(json),
        }));
      case "range":
        return this.#answer(
          "kv/range",
          { ...rangeJson({ ...step, countOnly: false }), revision: step.revision ?? 0 },
          (json) => ({ kind: step.kind, items: rangedOf(json).items }),
        );
      case "count":
        return this.#answer(
          "kv/range",
          { ...keysJson(step), count_only: true, revision: step.revision ?? 0 },
          (json) => ({ kind: step.kind, count: rangedOf(json).count }),
        );
      case "txn":
        return this.#answer("kv/txn", txnJson(step.txn), (json) => ({
          kind: step.kind,
          ...txnOf(json, step.txn),
        }));
      case "grant":
        return this.#answer("lease/grant", { ID: step.lease, TTL: step.ttl }, (json) => ({
          kind: step.kind,
          lease: numberOf(json.ID),
          ttl: numberOf(json.TTL),
        }));
      case "revoke":
        return this.#answer("lease/revoke", { ID: step.lease }, () => ({ kind: step.kind }));
      case "keepalive": {
        const { result } = await this.#post("lease/keepalive", { ID: step.lease });
        const json = result as Json;
        // A stream has no failure for one of its leases: it says that none of it is left.
        if (numberOf(json.TTL) === 0) return { failed: "lease_not_found" };
        const [lease, ttl] = [numberOf(json.ID), numberOf(json.TTL)];
        return { revision: revisionOf(json), kind: step.kind, lease, ttl };
      }
      case "timetolive": {
        const json = await this.#post("lease/timetolive", { ID: step.lease, keys: true });
        if (numberOf(json.TTL) === -1) return { failed: "lease_not_found" };
        const keys = (json.keys as string[] | undefined ?? []).map(textOf).sort();
        const grantedTtl = numberOf(json.grantedTTL);
        const lease = numberOf(json.ID);
        return { revision: revisionOf(json), kind: step.kind, lease, grantedTtl, keys };
      }
      case "leases":
        return this.#answer("lease/leases", {}, (json) => ({
          kind: step.kind,
          leases: (json.leases as Json[] | undefined ?? []).map(({ ID }) => numberOf(ID)).sort(),
        }));
      case "compact":
        return this.#answer("kv/compaction", step, () => ({ kind: step.kind }));
      default:
        return unreachable(step);
    }
  }

  /** Takes one revision for a key that no step can name. */
  async fill(): Promise<void> {
    await this.#post("kv/put", { key: "/w==", value: "" });
  }

  async #answer<Body extends object>(
    path: string,
    body: object,
    bodyOf: (json: Json) => Body,
  ): Promise<{ failed: Failure } | { revision: number } & Body> {
    const json = await this.#post(path, body);
    if (typeof json.error === "string") return { failed: failureOf(json.error) };
    return { revision: revisionOf(json), ...bodyOf(json) };
  }

  async #post(path: string, body: object): Promise<Json> {
    const answer = await fetch(`${this.#url}/v3/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    return await answer.json();
  }
}

function failureOf(message: string): Failure {
  const known = FAILURES.find(([text]) => message.includes(text));
  if (known === undefined) throw new Error(`etcd failed otherwise: ${message}`);
  return known[1];
}

function keysJson({ key, end }: Keys): Json {
  return { key: bytesOf(key), ...(end === undefined ? {} : { range_end: bytesOf(end) }) };
}

function putJson(
  { key, value, lease = 0 }: {
    readonly key: string;
    readonly value: string;
    readonly lease?: number;
  },
): Json {
  return { key: bytesOf(key), value: bytesOf(value), lease };
}

function deleteJson(step: Keys & { readonly prevKv: boolean }): Json {
  return { ...keysJson(step), prev_kv: step.prevKv };
}

function rangeJson(
  step: Keys & {
    readonly limit: number;
    readonly order: "asc" | "desc";
    readonly keysOnly: boolean;
    readonly countOnly: boolean;
  },
): Json {
  return {
    ...keysJson(step),
    limit: step.limit,
    sort_order: step.order === "asc" ? "ASCEND" : "DESCEND",
    sort_target: "KEY",
    keys_only: step.keysOnly,
    count_only: step.countOnly,
  };
}

function opJson(op: Op): Json {
  switch (op.op) {
    case "put":
      return { requestPut: putJson(op) };
    case "delete":
      return { requestDeleteRange: deleteJson(op) };
    case "range":
      return { requestRange: rangeJson(op) };
    case "txn":
      return { requestTxn: txnJson(op) };
  }
}

function txnJson({ compare, success, failure }: Txn): Json {
  return {
    compare: compare.map(compareJson),
    success: success.map(opJson),
    failure: failure.map(opJson),
  };
}

const RESULTS = { "=": "EQUAL", "!=": "NOT_EQUAL", "<": "LESS", ">": "GREATER" };
const TARGETS = {
  version: ["VERSION", "version"],
  create: ["CREATE", "create_revision"],
  mod: ["MOD", "mod_revision"],
  lease: ["LEASE", "lease"],
  value: ["VALUE", "value"],
} as const;

function compareJson({ key, end, target, result, operand }: Compare): Json {
  const [name, field] = TARGETS[target];
  return {
    ...keysJson(end === undefined ? { key } : { key, end }),
    target: name,
    result: RESULTS[result],
    [field]: typeof operand === "string" ? bytesOf(operand) : operand,
  };
}

function txnOf({ succeeded, responses }: Json, { success, failure }: Txn) {
  const ops = succeeded === true ? success : failure;
  const all = responses as Json[] | undefined ?? [];
  return {
    succeeded: succeeded === true,
    responses: ops.map((op, at): OpAnswer => {
      const response = all[at]!;
      const [json] = Object.values(response) as Json[];
      switch (op.op) {
        case "put":
          return { op: op.op };
        case "delete":
          return { op: op.op, ...deletedOf(json!) };
        case "range":
          return { op: op.op, ...rangedOf(json!) };
        case "txn":
          return { op: op.op, ...txnOf(json!, op) };
      }
    }),
  };
}

function deletedOf({ deleted, prev_kvs: before }: Json) {
  return { deleted: numberOf(deleted), prevKvs: (before as Json[] | undefined ?? []).map(kvOf) };
}

function rangedOf({ kvs, count, more }: Json) {
  const items = (kvs as Json[] | undefined ?? []).map(kvOf);
  return { items, count: numberOf(count), more: more === true };
}

function kvOf(json: unknown): Kv {
  const { key, value, create_revision, mod_revision, version, lease } = json as Json;
  return {
    key: textOf(key as string),
    value: textOf(value as string | undefined ?? ""),
    createRevision: numberOf(create_revision),
    modRevision: numberOf(mod_revision),
    version: numberOf(version),
    lease: numberOf(lease),
  };
}

function revisionOf({ header }: Json): number {
  return numberOf((header as Json).revision);
}

/** Integers of 64 bits come as texts, and zeros not at all. */
function numberOf(json: unknown): number {
  return Number(json ?? 0);
}

function bytesOf(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function textOf(base64: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(base64));
}
