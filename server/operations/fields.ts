/**
 * The schemas of single fields. Each accepts what a query can say as well as what JSON can: a whole
 * number may come as the text of one. The error of a schema is a rule that ends a sentence.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import type { FailureCode } from "@raftkv/core/api";
import { INT64_MAX, INT64_MIN, type Key, keyFromBytes, keyFromText } from "@raftkv/core/kv";
import * as z from "zod";
import { ExactNumber } from "../exact_values.ts";
import type { CallOptions } from "../kv_port.ts";
import type { Consistency } from "../served.ts";

/** The time a request may take if it does not say, in milliseconds. */
export const TIMEOUT_MS_DEFAULT = 5_000;

/** The longest time a request may take, in milliseconds. */
export const TIMEOUT_MS_MAX = 60_000;

/** Longest time to live in seconds. */
export const TTL_SECONDS_MAX: number = LIMITS.leaseTtlMsMax / 1_000;

/** The error of a schema: what the field has to be. */
export function rule(text: string): { readonly error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => input === undefined ? "is missing" : text };
}

/** Refuses a value within a transform; with a code of its own, or that of the field's place. */
export function refuse(
  context: z.core.$RefinementCtx,
  text: string,
  options: { readonly code?: FailureCode; readonly path?: PropertyKey[] } = {},
): never {
  const { code, path = [] } = options;
  const input = context.value;
  context.issues.push({ code: "custom", message: text, input, path, params: { code } });
  return z.NEVER;
}

/** A text of whole characters. */
export const text: z.ZodType<string, string> = z.string(rule("is a text")).refine(
  (value) => value.isWellFormed(),
  rule("is a text"),
);

/** A key: from 1 to 2,048 bytes of UTF-8. */
export const key: z.ZodType<Key, string> = z.string(rule("is a text")).transform((
  value,
  context,
) => {
  const made = value.isWellFormed() ? keyFromText(value) : null;
  return made ?? refuse(context, "has from 1 to 2,048 bytes of UTF-8", { code: "invalid_key" });
}).meta({
  description: "A key: from 1 to 2,048 bytes of UTF-8.",
  override: { minLength: 1, maxLength: LIMITS.keyBytesMax },
});

/** A key or the beginning of keys, perhaps empty. */
export const bound: z.ZodType<Key, string> = text.transform((value, context) => {
  const bytes = encoder.encode(value);
  return bytes.length <= LIMITS.keyBytesMax
    ? keyFromBytes(bytes)
    : refuse(context, "is not longer than any key");
});

/** A whole number within bounds, as a number or as the text of one. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): z.ZodType<number> {
  // Every part has the rule: a union tells of the part that came closest.
  const whole = rule(`is a whole number from ${min} to ${max}`);
  const isWithin = (value: number) => Number.isSafeInteger(value) && value >= min && value <= max;
  const digits = z.string(whole).regex(/^\d{1,16}$/, whole).transform(Number)
    .refine(isWithin, whole);
  return z.union([z.int(whole).min(min, whole).max(max, whole), digits], whole);
}

/** A whole number of 64 bits, as a number or as the text of one. */
export const int64: z.ZodType<bigint> = z.unknown().transform((given, context) => {
  if (given === undefined) return refuse(context, "is missing");
  const source = given instanceof ExactNumber ? given.source : given;
  const isWhole = typeof source === "string"
    ? /^-?\d{1,19}$/.test(source)
    : Number.isSafeInteger(source);
  const value = isWhole ? BigInt(String(source)) : null;
  return value !== null && value >= INT64_MIN && value <= INT64_MAX
    ? value
    : refuse(context, "is a whole number of 64 bits, as a number or as a text");
}).meta({ override: { type: ["integer", "string"], format: "int64", pattern: "^-?\\d{1,19}$" } });

/** A boolean. */
export const flag: z.ZodType<boolean, boolean> = z.boolean(rule("is true or false"));

/** One of several names. */
export function choice<const Name extends string>(names: readonly Name[]): z.ZodType<Name> {
  return z.enum(names, rule(`is one of ${names.join(", ")}`)) as unknown as z.ZodType<Name>;
}

const DURATION = rule("is from 1ms to 60s, as in 500ms or 2s");

/** A time: a number of milliseconds, or a text such as `500ms` or `2s`, from 1 ms to 60 s. */
export const duration: z.ZodType<number> = z.union([
  z.number(DURATION),
  z.string(DURATION).regex(/^\d{1,9}(?:\.\d{1,3})?(?:ms|s)?$/, DURATION).transform(millisecondsIn),
], DURATION).refine((ms) => ms >= 1 && ms <= TIMEOUT_MS_MAX, DURATION);

/** How long a request may take, in milliseconds. */
export const timeout: z.ZodType<number | undefined> = duration.optional().meta({
  description: "How long the request may take: `500ms`, `2s` or a number of milliseconds, " +
    "from 1 ms to 60 s; 5 s if not given.",
});

/** What a read must see. */
export const consistency: z.ZodType<Consistency | undefined> = choice([
  "linearizable",
  "lease",
  "stale",
]).optional().meta({
  description: "`linearizable` (if not given): sees every write acknowledged before; `lease`: " +
    "the same, while the members' clocks can be trusted; `stale`: does not ask anyone.",
});

/** Of a stale read: how old it may be, in milliseconds. */
export const maxStaleness: z.ZodType<number | undefined> = duration.optional().meta({
  description: "With `stale`: all that was acknowledged this long before must be in it; as " +
    "`timeout`.",
});

/** Up to where the store must have come. */
export const minRevision: z.ZodType<number | undefined> = integer(1).optional().meta({
  description: "Show this revision or a later one: it is waited for.",
});

/** Whether to tell where the time went. */
export const explain: z.ZodType<boolean | undefined> = z.union([
  z.boolean(),
  z.literal(1).transform(() => true),
  z.literal("1").transform(() => true),
], rule("is 1, true or false")).optional().meta({
  description: "Whether to tell where the time went.",
  override: { type: "boolean" },
});

/** What every call may say of itself. */
export const CALL = { timeout, explain };

/** What those fields hold. */
export interface CallFields {
  readonly timeout?: number | undefined;
  readonly explain?: boolean | undefined;
}

/** The same as the node takes it. */
export function callOf({ timeout, explain = false }: CallFields): CallOptions {
  return { timeoutMs: timeout ?? TIMEOUT_MS_DEFAULT, ...(explain ? { explain } : {}) };
}

/** As of which revision to read. */
export const revision: z.ZodType<number | undefined> = integer(1).optional().meta({
  description: "As of which revision to read; the present one if not given.",
});

/** The id of a lease: a whole number from 1 on, as a number or as the text of one. */
export const leaseId: z.ZodType<number> = integer(1);

/** A time to live in whole seconds. */
export const ttlSeconds: z.ZodType<number> = integer(1, TTL_SECONDS_MAX);

function millisecondsIn(value: string): number {
  const amount = Number.parseFloat(value);
  return value.endsWith("s") && !value.endsWith("ms") ? amount * 1_000 : amount;
}

const encoder = new TextEncoder();
