/**
 * The body of a transaction, `{"compare": […], "success": […], "failure": […]}`.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import type {
  Branches,
  Compare,
  IncrementOperation,
  Key,
  KeyRange,
  Operation as KvOperation,
} from "@raftkv/core/kv";
import { KEY_FIRST, keyAfter, prefixEnd } from "@raftkv/core/kv";
import * as z from "zod";
import { storedValueOf } from "../stored_value.ts";
import {
  bound,
  choice,
  flag,
  int64,
  integer,
  key,
  leaseId,
  refuse,
  rule,
  ttlSeconds,
} from "./fields.ts";
import { leaseChoice } from "./lease_choice.ts";

const OBJECT = rule("is an object");

const RANGE = {
  key: key.optional(),
  prefix: bound.optional(),
  start: bound.optional(),
  end: bound.optional(),
};

interface RangeFields {
  readonly key?: Key | undefined;
  readonly prefix?: Key | undefined;
  readonly start?: Key | undefined;
  readonly end?: Key | undefined;
}

/**
 * One key, a `prefix`, or from `start` to before `end`. Something must be said: an empty object is
 * more likely a mistake than a wish for everything.
 */
function rangeOf(fields: RangeFields, context: z.core.$RefinementCtx): KeyRange {
  const { key: alone, prefix, start, end } = fields;
  const isBounds = start !== undefined || end !== undefined;
  const kinds = [alone !== undefined, prefix !== undefined, isBounds].filter(Boolean).length;
  if (kinds !== 1) {
    return refuse(context, "or prefix, or start and end, is there alone", { path: ["key"] });
  }
  if (alone !== undefined) return { start: alone, end: keyAfter(alone) };
  if (prefix !== undefined) return { start: prefix, end: prefixEnd(prefix) };
  return { start: start ?? KEY_FIRST, end: end ?? null };
}

const base64 = choice(["base64"]).optional();

/** The bytes of a value, as its transform's answer or refusal. */
function storedOf(
  fields: { readonly value?: unknown; readonly encoding?: "base64" | undefined },
  context: z.core.$RefinementCtx,
) {
  const stored = storedValueOf(fields.value, { isBase64: fields.encoding !== undefined });
  if (!("rule" in stored)) return stored;
  const code = stored.code === undefined ? {} : { code: stored.code };
  return refuse(context, stored.rule, { path: ["value"], ...code });
}

const relation = choice(["=", "!=", "<", ">"]).optional();

const compare: z.ZodType<Compare> = z.discriminatedUnion("target", [
  z.strictObject({
    ...RANGE,
    target: z.literal("value"),
    result: relation,
    value: z.unknown(),
    encoding: base64,
  }, OBJECT),
  z.strictObject({
    ...RANGE,
    target: z.enum(["version", "create", "mod", "lease", "count"]),
    result: relation,
    value: integer(0),
  }, OBJECT),
], { error: (issue) => compareRule(issue.input) }).transform((fields, context): Compare => {
  const range = rangeOf(fields, context);
  const { result = "=" } = fields;
  return fields.target === "value"
    ? { ...range, target: "value", relation: result, operand: storedOf(fields, context).value }
    : { ...range, target: fields.target, relation: result, operand: fields.value };
}).meta({ id: "Compare", description: "A comparison of a key, or of every key of a range." });

function compareRule(input: unknown): string {
  return typeof input === "object" && input !== null && !Array.isArray(input)
    ? "is one of value, version, create, mod, lease, count"
    : "is an object";
}

/** The fields of an increment, in a transaction or alone. */
export const INCREMENT = {
  key,
  delta: int64.optional().meta({ description: "What to add; 1 if not given." }),
  min: int64.optional().meta({ description: "The least result." }),
  max: int64.optional().meta({ description: "The greatest result." }),
};

interface IncrementFields {
  readonly key: Key;
  readonly delta?: bigint | undefined;
  readonly min?: bigint | undefined;
  readonly max?: bigint | undefined;
}

/** The increment that the fields ask for; null if no result could lie within the bounds. */
export function incrementOf(fields: IncrementFields): IncrementOperation | null {
  const { key: of, delta = 1n, min, max } = fields;
  if (min !== undefined && max !== undefined && min > max) return null;
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  return { kind: "increment", key: of, delta, ...bounds };
}

const prevKv = flag.optional();

const get = z.strictObject({ key }, OBJECT).transform(
  (fields): KvOperation => ({ kind: "get", key: fields.key }),
);

const put = z.strictObject({
  key,
  value: z.unknown(),
  encoding: base64,
  prevKv,
  lease: leaseId.optional(),
  ttl: ttlSeconds.optional(),
}, OBJECT).transform((fields, context): KvOperation => {
  const stored = storedOf(fields, context);
  const lease = leaseChoice(fields) ??
    refuse(context, "is not there beside lease", { path: ["ttl"] });
  return { kind: "put", key: fields.key, ...stored, ...prevKvOf(fields), ...lease };
});

const remove = z.strictObject({ ...RANGE, prevKv }, OBJECT).transform(
  (fields, context): KvOperation => {
    const range = rangeOf(fields, context);
    return fields.key === undefined
      ? { kind: "delete_range", ...range, ...prevKvOf(fields) }
      : { kind: "delete", key: fields.key, ...prevKvOf(fields) };
  },
);

const range = z.strictObject({
  ...RANGE,
  limit: integer(1, LIMITS.listItemsMax).optional(),
  order: choice(["asc", "desc"]).optional(),
  keysOnly: flag.optional(),
  countOnly: flag.optional(),
}, OBJECT).transform((fields, context): KvOperation => ({
  kind: "range",
  ...rangeOf(fields, context),
  limit: fields.limit ?? LIMITS.listItemsDefault,
  descending: fields.order === "desc",
  keysOnly: fields.keysOnly === true,
  countOnly: fields.countOnly === true,
}));

const increment = z.strictObject(INCREMENT, OBJECT).transform((fields, context): KvOperation =>
  incrementOf(fields) ?? refuse(context, "is not greater than max", { path: ["min"] })
);

const nested: z.ZodType<Branches> = z.lazy(() =>
  z.strictObject(TXN, OBJECT).transform(({ compare = [], success = [], failure = [] }) => ({
    compares: compare,
    operations: success,
    otherwise: failure,
  }))
).meta({ id: "Transaction", description: "A transaction within a transaction." });

const ONE_OF = "has one field of get, put, delete, range, increment, txn";

const operation: z.ZodType<KvOperation> = z.strictObject({
  get: get.optional(),
  put: put.optional(),
  delete: remove.optional(),
  range: range.optional(),
  increment: increment.optional(),
  txn: nested.optional(),
}, OBJECT).transform((fields, context): KvOperation => {
  const { get, put, delete: removed, range, increment, txn } = fields;
  const commit: KvOperation | undefined = txn && { kind: "commit", ...txn };
  const [only, ...others] = [get, put, removed, range, increment, commit].filter((each) =>
    each !== undefined
  );
  return only !== undefined && others.length === 0 ? only : refuse(context, ONE_OF);
}).meta({
  id: "Operation",
  description: "One operation of a transaction, under its name.",
  override: { minProperties: 1, maxProperties: 1 },
});

/**
 * A list that is not even looked into if it is longer than any commit may be: a fault of each of a
 * million elements would be noted down.
 */
function bounded<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  const max = Math.max(LIMITS.commitOperationsMax, LIMITS.commitComparesMax);
  const list = z.array(item, rule("is a list"));
  return z.unknown().transform((given, context) =>
    Array.isArray(given) && given.length > max
      ? refuse(context, `has more than ${max} elements`, { code: "too_many_operations" })
      : given
  ).pipe(list) as unknown as z.ZodType<T[]>;
}

const operations = bounded(operation).meta({
  id: "Operations",
  description: "What is carried out, in this order.",
});

/** The fields of a transaction. */
export const TXN: {
  readonly compare: z.ZodType<Compare[] | undefined>;
  readonly success: z.ZodType<KvOperation[] | undefined>;
  readonly failure: z.ZodType<KvOperation[] | undefined>;
} = {
  compare: bounded(compare).optional(),
  success: operations.optional(),
  failure: operations.optional(),
};

function prevKvOf(fields: { readonly prevKv?: boolean | undefined }): { readonly prevKv?: true } {
  return fields.prevKv === true ? { prevKv: true } : {};
}
