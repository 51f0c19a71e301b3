/**
 * The parts of a history by key. A history of the store is linearizable only if the part of each key
 * is; the parts are searched one by one, which is what keeps the search short.
 *
 * Some of a history is no part of any key's: reads that need not be fresh, reads of the past,
 * conditions on revisions and leases, which a key alone knows nothing of. And keys that end with
 * leases have no part, for nobody asked for their end.
 *
 * @module
 */

import type {
  Branches,
  Compare,
  Key,
  KeyRange,
  Operation as Step,
  OperationResult,
} from "@raftkv/core/kv";
import { keyAfter } from "@raftkv/core/kv";
import type { KeyAnswer, KeyChange, KeyOperation, KeyRequest, KeyStep } from "./key_model.ts";
import { isWithin, type KvOperation, type ReadRequest } from "./kv_operation.ts";
import type { Outcome } from "./operation.ts";

/** The part of each key that no lease ever held. */
export function partsByKey(history: readonly KvOperation[]): ReadonlyMap<Key, KeyOperation[]> {
  const named = new Set<Key>();
  const leased = new Set<Key>();
  for (const { request } of history) {
    if (request.kind === "commit") noteKeys(request, named, leased);
    else if (request.kind === "read" && isOneKey(request)) named.add(request.start);
  }
  const keys = [...named].filter((key) => !leased.has(key)).sort();
  const parts = new Map<Key, KeyOperation[]>(keys.map((key) => [key, []]));
  for (const operation of history) {
    for (const key of keysTouched(operation, keys)) {
      const part = partOf(operation, key);
      if (part !== null) parts.get(key)?.push(part);
    }
  }
  return parts;
}

function noteKeys(branches: Branches, named: Set<Key>, leased: Set<Key>): void {
  for (const step of [...branches.operations, ...branches.otherwise ?? []]) {
    if (step.kind === "commit") noteKeys(step, named, leased);
    if (!("key" in step)) continue;
    named.add(step.key);
    const hasLease = step.kind === "put" && (step.lease ?? step.ttlMs) !== undefined;
    if (hasLease) leased.add(step.key);
  }
}

function keysTouched({ request }: KvOperation, keys: readonly Key[]): Iterable<Key> {
  if (request.kind === "read") {
    return isOneKey(request) ? [request.start] : keys.filter((key) => isWithin(request, key));
  }
  if (request.kind !== "commit") return [];
  const touched = new Set<Key>();
  const visit = ({ compares = [], operations, otherwise = [] }: Branches) => {
    for (const compare of compares) if (isOneKey(compare)) touched.add(compare.start);
    for (const step of [...operations, ...otherwise]) {
      if (step.kind === "commit") visit(step);
      else if ("key" in step) touched.add(step.key);
      else for (const key of keys) if (isWithin(step, key)) touched.add(key);
    }
  };
  visit(request);
  return touched;
}

function partOf(operation: KvOperation, key: Key): KeyOperation | null {
  const { request, outcome } = operation;
  if (request.kind === "read") return partOfRead(operation, request, key);
  if (request.kind !== "commit") return null;
  if (outcome.kind !== "answered") {
    return { ...operation, request: requestOf(request, null, key), outcome };
  }
  if (outcome.answer.kind !== "applied") return null;
  const { result } = outcome.answer;
  // What was refused has not happened.
  if (result.kind !== "committed") return null;
  return {
    ...operation,
    request: requestOf(request, result, key),
    outcome: { kind: "answered", answer: { succeeded: result.succeeded } },
  };
}

function partOfRead(
  operation: KvOperation,
  request: ReadRequest,
  key: Key,
): KeyOperation | null {
  const { outcome } = operation;
  if (outcome.kind !== "answered" || outcome.answer.kind !== "read") return null;
  if (!request.isLinearizable || request.revision !== null) return null;
  const { records } = outcome.answer;
  const record = records.find((each) => each.key === key) ?? null;
  // A page that is full says nothing of what lies behind it.
  const isShown = record !== null || records.length < request.limit ||
    (records.at(-1)?.key ?? "") > key;
  if (!isShown) return null;
  const step: KeyStep = {
    kind: "step",
    step: { kind: "get", key },
    result: { kind: "get", record },
  };
  return { ...operation, request: unconditional([step]), outcome: SUCCEEDED };
}

/** What a commit, or one within it, asks of a key. */
function requestOf(
  branches: Branches,
  answer: (KeyAnswer & { readonly results: readonly OperationResult[] }) | null,
  key: Key,
): KeyRequest {
  const { compares = [], operations, otherwise = [] } = branches;
  const own = compares.filter((compare) => isKnownTo(compare, key));
  const steps = (all: readonly Step[], isTaken: boolean) =>
    all.flatMap((step, place) => stepOf(step, isTaken ? answer?.results[place] : undefined, key));
  return {
    compares: own,
    dependsOnOthers: own.length < compares.length,
    operations: steps(operations, answer?.succeeded === true),
    otherwise: steps(otherwise, answer?.succeeded === false),
  };
}

function stepOf(step: Step, result: OperationResult | undefined, key: Key): KeyStep[] {
  switch (step.kind) {
    case "put":
    case "delete":
    case "get":
    case "increment":
      return step.key === key ? [{ kind: "step", step, result: result ?? null }] : [];
    case "delete_range": {
      const change: KeyChange = { kind: "delete", key };
      return isWithin(step, key) ? [{ kind: "step", step: change, result: null }] : [];
    }
    case "range": {
      const found = result?.kind === "range" && !result.keysOnly
        ? result.records.find((record) => record.key === key)
        : undefined;
      if (found === undefined) return [];
      const look: OperationResult = { kind: "get", record: found };
      return [{ kind: "step", step: { kind: "get", key }, result: look }];
    }
    case "commit": {
      const answer = result?.kind === "commit" ? result : null;
      return [{ kind: "nested", request: requestOf(step, answer, key), answer }];
    }
  }
}

function isKnownTo(compare: Compare, key: Key): boolean {
  const isOwn = isOneKey(compare) && compare.start === key;
  return isOwn && ["value", "version", "count"].includes(compare.target);
}

function isOneKey({ start, end }: KeyRange): boolean {
  return end === keyAfter(start);
}

function unconditional(operations: readonly KeyStep[]): KeyRequest {
  return { compares: [], dependsOnOthers: false, operations, otherwise: [] };
}

const SUCCEEDED: Outcome<KeyAnswer> = { kind: "answered", answer: { succeeded: true } };
