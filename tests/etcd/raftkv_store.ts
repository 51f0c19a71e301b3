/**
 * RaftKV behind its HTTP interface.
 *
 * @module
 */

import { unreachable } from "@raftkv/core";
import type { Answer, Failure, Kv, OpAnswer } from "./answer.ts";
import type { Compare, Keys, Op, Step, Txn } from "./step.ts";

type Json = Readonly<Record<string, unknown>>;

const FAILURES: readonly string[] = [
  "compacted",
  "future_revision",
  "lease_not_found",
  "lease_exists",
  "duplicate_key",
];

/** A running node. */
export class RaftKvStore {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Carries a step out. */
  ask(step: Step): Promise<Answer> {
    switch (step.kind) {
      case "put": {
        const { lease, value, prevKv } = step;
        const query = { prevKv, ...(lease === undefined ? {} : { lease }) };
        return this.#answer("PUT", pathOf(step.key, query), { value }, (json) => ({
          kind: step.kind,
          prevKv: json.prevKv ? kvOf(json.prevKv) : null,
        }));
      }
      case "delete":
        return this.#delete(step);
      case "range": {
        const { limit, order, keysOnly, revision } = step;
        const query = { ...boundsOf(step), limit, order, keysOnly, ...given({ revision }) };
        return this.#answer("GET", `/v1/kv?${queryOf(query)}`, null, (json) => ({
          kind: step.kind,
          items: (json.items as Json[]).map(kvOf),
        }));
      }
      case "count": {
        const { revision } = step;
        const query = { ...boundsOf(step), countOnly: true, ...given({ revision }) };
        return this.#answer("GET", `/v1/kv?${queryOf(query)}`, null, (json) => ({
          kind: step.kind,
          count: json.count as number,
        }));
      }
      case "txn":
        return this.#answer("POST", "/v1/txn", txnJson(step.txn), (json) => ({
          kind: step.kind,
          ...txnOf(json),
        }));
      case "grant": {
        const { lease, ttl, kind } = step;
        return this.#answer("POST", "/v1/leases", { lease, ttl }, (json) => ({
          kind,
          lease: Number(json.lease),
          ttl: json.ttl as number,
        }));
      }
      case "revoke":
        return this.#answer(
          "DELETE",
          `/v1/leases/${step.lease}`,
          null,
          () => ({ kind: step.kind }),
        );
      case "keepalive":
        return this.#answer("POST", `/v1/leases/${step.lease}/keepalive`, null, (json) => ({
          kind: step.kind,
          lease: Number(json.lease),
          ttl: json.ttl as number,
        }));
      case "timetolive":
        return this.#answer("GET", `/v1/leases/${step.lease}`, null, (json) => ({
          kind: step.kind,
          lease: Number(json.lease),
          grantedTtl: json.grantedTtl as number,
          keys: (json.keys as string[]).toSorted(),
        }));
      case "leases":
        return this.#answer("GET", "/v1/leases", null, (json) => ({
          kind: step.kind,
          leases: (json.leases as string[]).map(Number).sort(),
        }));
      case "compact": {
        const { revision, kind } = step;
        return this.#answer("POST", "/v1/compact", { revision }, () => ({ kind }));
      }
      default:
        return unreachable(step);
    }
  }

  #delete(step: Keys & { readonly kind: "delete"; readonly prevKv: boolean }): Promise<Answer> {
    const { kind, prevKv } = step;
    if (step.end !== undefined) {
      const query = queryOf({ ...boundsOf(step), prevKv });
      return this.#answer("DELETE", `/v1/kv?${query}`, null, (json) => ({
        kind,
        deleted: json.deleted as number,
        prevKvs: (json.prevKvs as Json[] | undefined ?? []).map(kvOf),
      }));
    }
    return this.#answer("DELETE", pathOf(step.key, { prevKv }), null, (json) => ({
      kind,
      deleted: json.deleted as number,
      prevKvs: json.prevKv ? [kvOf(json.prevKv)] : [],
    }));
  }

  async #answer<Body extends object>(
    method: string,
    path: string,
    body: object | null,
    bodyOf: (json: Json) => Body,
  ): Promise<{ failed: Failure } | { revision: number } & Body> {
    const init = { method, body: body === null ? null : JSON.stringify(body) };
    const answer = await fetch(`${this.#url}${path}`, init);
    const json = await answer.json() as Json;
    if (answer.ok) return { revision: json.revision as number, ...bodyOf(json) };
    const { code } = json.error as { readonly code: string };
    if (FAILURES.includes(code)) return { failed: code as Failure };
    throw new Error(`RaftKV failed otherwise: ${JSON.stringify(json)}`);
  }
}

function pathOf(key: string, query: Json): string {
  return `/v1/kv/${encodeURIComponent(key)}?${queryOf(query)}`;
}

function queryOf(query: Json): string {
  return Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
}

function given(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A list has no form for a single key but its range. */
function boundsOf({ key, end = `${key}\0` }: Keys): Json {
  return { start: key, end };
}

function keysJson({ key, end }: Keys): Json {
  return end === undefined ? { key } : { start: key, end };
}

function opJson(op: Op): Json {
  switch (op.op) {
    case "put": {
      const { key, value, lease } = op;
      return { put: { key, value, ...given({ lease }) } };
    }
    case "delete":
      return { delete: { ...keysJson(op), prevKv: op.prevKv } };
    case "range": {
      const { limit, order, keysOnly, countOnly } = op;
      return { range: { ...keysJson(op), limit, order, keysOnly, countOnly } };
    }
    case "txn":
      return { txn: txnJson(op) };
  }
}

function txnJson({ compare, success, failure }: Txn): Json {
  return {
    compare: compare.map(compareJson),
    success: success.map(opJson),
    failure: failure.map(opJson),
  };
}

function compareJson({ target, result, operand, ...keys }: Compare): Json {
  return { ...keysJson(keys), target, result, value: operand };
}

function txnOf(json: Json): { succeeded: boolean; responses: OpAnswer[] } {
  const responses = (json.responses as Record<string, Json>[]).map((response): OpAnswer => {
    const { put, delete: removed, range, txn } = response;
    if (put !== undefined) return { op: "put" };
    if (removed !== undefined) {
      const prevKvs = (removed.prevKvs as Json[] | undefined ?? []).map(kvOf);
      return { op: "delete", deleted: removed.deleted as number, prevKvs };
    }
    if (txn !== undefined) return { op: "txn", ...txnOf(txn) };
    const { items, count, more } = range!;
    const shown = (items as Json[]).map(kvOf);
    return { op: "range", items: shown, count: count as number, more: more as boolean };
  });
  return { succeeded: json.succeeded as boolean, responses };
}

function kvOf(json: unknown): Kv {
  const { key, value = "", createRevision, modRevision, version, lease = 0 } = json as Json;
  return {
    key: key as string,
    value: value as string,
    createRevision: createRevision as number,
    modRevision: modRevision as number,
    version: version as number,
    lease: Number(lease),
  };
}
