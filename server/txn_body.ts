/**
 * The body of a transaction, `{"compare": […], "success": […], "failure": […]}`, as a commit.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";
import type { Branches, Compare, IncrementOperation, Key, Operation } from "@raftkv/core/kv";
import { BodyFields } from "./body_fields.ts";
import { keyField, RANGE_FIELDS, rangeFields } from "./key_fields.ts";
import { leaseOfBody } from "./lease_parameters.ts";
import { type StoredValue, storedValueOf } from "./put_body.ts";

/**
 * Reads a transaction.
 *
 * @param body From `parseExactJson`.
 * @throws {KvFailure} `invalid_body`, `invalid_key`, `value_too_large` or `too_many_operations`
 */
export function parseTxn(body: unknown): Branches {
  return branchesOf(body, { path: "", depth: 1 });
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

function branchesOf(value: unknown, { path, depth }: Place): Branches {
  if (depth > LIMITS.commitDepthMax) throw new KvFailure("too_many_operations");
  const fields = new BodyFields(value, { path, known: ["compare", "success", "failure"] });
  const operationsIn = (name: string) =>
    fields.list(name).map((operation, at) =>
      operationOf(operation, { path: `${fields.pathOf(name)}[${at}]`, depth })
    );
  const compares = fields.list("compare").map((compare, at) =>
    compareOf(compare, `${fields.pathOf("compare")}[${at}]`)
  );
  return { compares, operations: operationsIn("success"), otherwise: operationsIn("failure") };
}

function compareOf(value: unknown, path: string): Compare {
  const known = [...RANGE_FIELDS, "target", "result", "value", "encoding"];
  const fields = new BodyFields(value, { path, known });
  const range = rangeFields(fields);
  const target = fields.choice("target", TARGETS);
  const relation = fields.choice("result", RELATIONS, "=");
  if (target !== "value") {
    if (fields.has("encoding")) throw fields.invalid("encoding", "belongs to values alone");
    return { ...range, target, relation, operand: fields.integer("value", { min: 0 }) };
  }
  return { ...range, target, relation, operand: valueField(fields).value };
}

function operationOf(value: unknown, place: Place): Operation {
  const outer = new BodyFields(value, { path: place.path, known: KINDS });
  const kind = outer.only(KINDS);
  const path = outer.pathOf(kind);
  const inner = outer.raw(kind);
  const fieldsOf = (...known: string[]) => new BodyFields(inner, { path, known });
  switch (kind) {
    case "get":
      return { kind, key: keyField(fieldsOf("key")) };
    case "put":
      return putOf(fieldsOf("key", "value", "encoding", "prevKv", "lease", "ttl"));
    case "delete":
      return deleteOf(fieldsOf(...RANGE_FIELDS, "prevKv"));
    case "range":
      return rangeOf(fieldsOf(...RANGE_FIELDS, "limit", "order", "keysOnly", "countOnly"));
    case "increment":
      return incrementOf(fieldsOf("key", "delta", "min", "max"));
    default:
      return { kind: "commit", ...branchesOf(inner, { path, depth: place.depth + 1 }) };
  }
}

function putOf(fields: BodyFields): Operation {
  const key = keyField(fields);
  return {
    kind: "put",
    key,
    ...valueField(fields),
    ...prevKvField(fields),
    ...leaseOfBody(fields),
  };
}

function deleteOf(fields: BodyFields): Operation {
  const prevKv = prevKvField(fields);
  if (fields.has("key")) return { kind: "delete", ...keyAlone(fields), ...prevKv };
  return { kind: "delete_range", ...rangeFields(fields), ...prevKv };
}

/** Refuses a key beside a range. */
function keyAlone(fields: BodyFields): { readonly key: Key } {
  rangeFields(fields);
  return { key: keyField(fields) };
}

function rangeOf(fields: BodyFields): Operation {
  const { listItemsMax: max, listItemsDefault: fallback } = LIMITS;
  return {
    kind: "range",
    ...rangeFields(fields),
    limit: fields.integer("limit", { min: 1, max, fallback }),
    descending: fields.choice("order", ["asc", "desc"], "asc") === "desc",
    keysOnly: fields.flag("keysOnly"),
    countOnly: fields.flag("countOnly"),
  };
}

/** The fields of an increment, in a transaction or alone. */
export function incrementOf(fields: BodyFields): IncrementOperation {
  const key = keyField(fields);
  const delta = fields.int64("delta") ?? 1n;
  const [min, max] = [fields.int64("min"), fields.int64("max")];
  if (min !== undefined && max !== undefined && min > max) {
    throw fields.invalid("min", "is not greater than max");
  }
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  return { kind: "increment", key, delta, ...bounds };
}

function valueField(fields: BodyFields): StoredValue {
  const isBase64 = fields.has("encoding");
  if (isBase64) fields.choice("encoding", ["base64"]);
  return storedValueOf(fields.raw("value"), { path: fields.pathOf("value"), isBase64 });
}

function prevKvField(fields: BodyFields): { readonly prevKv?: true } {
  return fields.flag("prevKv") ? { prevKv: true } : {};
}

const TARGETS = ["value", "version", "create", "mod", "lease", "count"] as const;
const RELATIONS = ["=", "!=", "<", ">"] as const;
const KINDS = ["get", "put", "delete", "range", "increment", "txn"];
