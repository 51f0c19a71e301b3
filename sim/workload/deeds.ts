/**
 * What clients do, and how often.
 *
 * @module
 */

import type { Compare, Key, Operation } from "@raftkv/core/kv";
import {
  accountKey,
  anyKey,
  anyRange,
  counterKey,
  EVERYTHING,
  leasedKey,
  only,
  under,
} from "./keyspace.ts";
import type { KvClient } from "./kv_client.ts";

interface Deed {
  /** How often it is done, beside the others. */
  readonly weight: number;
  readonly happen: (client: KvClient) => void;
}

const DEEDS: readonly Deed[] = [
  { weight: 22, happen: readOne },
  { weight: 8, happen: readRange },
  { weight: 4, happen: readPast },
  { weight: 22, happen: (client) => client.commit({ operations: [put(client)] }) },
  { weight: 5, happen: deleteOne },
  { weight: 1, happen: deleteMany },
  { weight: 8, happen: compareAndSet },
  { weight: 8, happen: transaction },
  { weight: 8, happen: count },
  { weight: 7, happen: transfer },
  { weight: 10, happen: lease },
  { weight: 9, happen: (client) => client.locks.act() },
  { weight: 1, happen: compact },
  { weight: 1, happen: (client) => client.openSession() },
];

const WEIGHT_TOTAL = DEEDS.reduce((sum, { weight }) => sum + weight, 0);

/** A client does something. */
export function act(client: KvClient): void {
  let left = client.random() * WEIGHT_TOTAL;
  for (const { weight, happen } of DEEDS) {
    left -= weight;
    if (left < 0) return happen(client);
  }
}

function readOne(client: KvClient): void {
  const { random } = client;
  const key = client.oneOf([anyKey, anyKey, anyKey, leasedKey, counterKey])(random);
  readAny(client, { ...only(key), limit: 1 });
}

function readRange(client: KvClient): void {
  const limit = client.random() < 0.8 ? 1_000 : 2;
  readAny(client, { ...anyRange(client.random), limit });
}

function readAny(
  client: KvClient,
  range: { readonly start: Key; readonly end: Key | null; readonly limit: number },
): void {
  const dice = client.random();
  const mode = dice < 0.3 ? "lease" : "linearizable";
  client.ask({ kind: "read", ...range, revision: null, isLinearizable: dice < 0.85 }, { mode });
}

function readPast(client: KvClient): void {
  const { hearsay, random } = client;
  const revision = Math.max(1, hearsay.revision - Math.floor(random() * random() * 200));
  const range = { ...anyRange(random), limit: 1_000 };
  client.ask({ kind: "read", ...range, revision, isLinearizable: true }, {
    onEnd: (answer) => answer === null || client.marks.hit("the past was read"),
  });
}

function put(client: KvClient, key: Key = anyKey(client.random)): Operation {
  const put = { kind: "put", key, value: client.value(), encoding: "text" } as const;
  return client.random() < 0.5 ? put : { ...put, prevKv: true };
}

function deleteOne(client: KvClient): void {
  const key = client.oneOf([anyKey, leasedKey])(client.random);
  client.commit({ operations: [{ kind: "delete", key, prevKv: true }] });
}

function deleteMany(client: KvClient): void {
  const range = client.oneOf([under("hot/"), under("cold/1"), under("leased/")]);
  client.commit({ operations: [{ kind: "delete_range", ...range }] });
}

/** Only if the key is as the client last saw it. */
function compareAndSet(client: KvClient): void {
  const key = anyKey(client.random);
  const operand = client.seen.get(key) ?? 0;
  const isUnchanged: Compare = { ...only(key), target: "mod", relation: "=", operand };
  client.commit({
    compares: [isUnchanged],
    operations: [put(client, key)],
    otherwise: [{ kind: "get", key }],
  }, (committed) => {
    if (committed === null) return;
    if (!committed.succeeded) client.marks.hit("a comparison failed");
    else client.seen.set(key, committed.revision);
  });
}

/** Conditions and operations on several keys, some of them nested. */
function transaction(client: KvClient): void {
  const { random } = client;
  const keys = new Set([anyKey(random), anyKey(random), anyKey(random), anyKey(random)]);
  const [first, second, ...rest] = keys;
  if (first === undefined || second === undefined) return;
  const exists: Compare = { ...only(second), target: "count", relation: "=", operand: 1 };
  const isYoung: Compare = { ...only(first), target: "version", relation: "<", operand: 4 };
  const nested: Operation = {
    kind: "commit",
    compares: [exists],
    operations: [{ kind: "delete", key: second }],
    otherwise: [put(client, second)],
  };
  const page = { limit: 5, descending: random() < 0.5, keysOnly: false, countOnly: false };
  client.commit({
    compares: random() < 0.5 ? [isYoung] : [isYoung, exists],
    operations: [put(client, first), nested, { kind: "range", ...under("hot/"), ...page }],
    otherwise: [{ kind: "delete", key: first }, ...rest.map((key) => put(client, key))],
  });
}

function count(client: KvClient): void {
  const key = counterKey(client.random);
  client.commit({ operations: [{ kind: "increment", key, delta: 1n }] });
}

/** Moves an amount, unless an account would leave its bounds: then neither changes. */
function transfer(client: KvClient): void {
  const { random } = client;
  const [from, to] = [accountKey(random), accountKey(random)];
  if (from === to) return;
  const delta = BigInt(1 + Math.floor(random() * 9));
  const [min, max] = [-20n, 20n];
  client.commit({
    operations: [
      { kind: "increment", key: from, delta: -delta, min },
      { kind: "increment", key: to, delta, max },
    ],
  });
}

function lease(client: KvClient): void {
  const { random, hearsay } = client;
  const known = hearsay.leases.slice(-5);
  const lease = client.oneOf(known) ?? 0;
  const dice = random();
  if (dice < 0.25 || lease === 0) {
    const id = random() < 0.7 ? 0 : 1 + Math.floor(random() * 8);
    client.lease({ kind: "lease_grant", lease: id, ttlMs: ttlMs(client) });
  } else if (dice < 0.4) {
    client.lease({ kind: "lease_keep_alive", lease }, (alive) => {
      client.marks.hit(alive === null ? "a renewal was refused" : "a lease was renewed");
    });
  } else if (dice < 0.45) client.lease({ kind: "lease_revoke", lease });
  else {
    const key = leasedKey(random);
    const put = { kind: "put", key, value: client.value(), encoding: "text" } as const;
    const isOwn = random() < 0.4;
    const operation = isOwn ? { ...put, ttlMs: ttlMs(client) } : { ...put, lease };
    client.commit({ operations: [operation] });
  }
}

function ttlMs({ random }: KvClient): number {
  return Math.floor(100 * Math.pow(80, random()));
}

function compact(client: KvClient): void {
  const { hearsay, random } = client;
  const revision = hearsay.revision - Math.floor(random() * 40);
  if (revision <= 1) return;
  client.ask({ kind: "compact", revision }, {
    onEnd: (answer) => {
      if (answer?.kind !== "applied" || answer.result.kind !== "compacted") return;
      client.marks.hit("the past was compacted by hand");
    },
  });
}

/** What a new watch follows, and from which revision on. */
export function anyWatch(client: KvClient): {
  readonly start: Key;
  readonly end: Key | null;
  readonly revision: number;
  readonly kinds: readonly ("put" | "delete")[];
} {
  const { random, hearsay } = client;
  const range = random() < 0.3
    ? EVERYTHING
    : random() < 0.5
    ? only(anyKey(random))
    : anyRange(random);
  const ahead = Math.floor(client.oneOf([-100, 0, 0, 20]) * random());
  const revision = Math.max(2, hearsay.revision + 1 + ahead);
  const both = ["put", "delete"] as const;
  const kinds = random() < 0.8 ? both : [client.oneOf(both)];
  return { ...range, revision, kinds };
}
