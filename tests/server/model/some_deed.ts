// Random requests over few keys, leases and names, so that they meet.

import fc from "fast-check";
import type { Back, Deed, Door, Once, Tag } from "./deeds.ts";
import type { Compare, Operation, Txn } from "./store.ts";
import { bytesValue, jsonValue, type Range, textValue, type Value } from "./values.ts";

/** Keys whose order, spelling or place in a path may be got wrong. */
const KEYS = ["a", "b", "ab", "a/b", "a b%", "\0", "é", "日", "😀", "..", "%2F", "n"];

const someKey = fc.oneof(fc.constantFrom("a", "b", "n"), fc.constantFrom(...KEYS));
const someBound = fc.constantFrom("", ...KEYS, "\u{10ffff}");

const someValue: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom("", "x", "1", "\0", 'é"\\', "\ufeff", "\u2028").map(textValue),
  fc.constantFrom(
    ...["0", "7", "-3", "-0", "1.0", "true", "null", "[]", "12345678901234567890", "1e400"],
    ...["9223372036854775807", "-9223372036854775808", "9223372036854775808", '{"b":1,"1":2}'],
  ).map((json) => jsonValue(json)),
  fc.constant(jsonValue('[ 1 , {"a" :"b c"}\n]', '[1,{"a":"b c"}]')),
  fc.uint8Array({ maxLength: 3 }).map(bytesValue),
);

const someRange: fc.Arbitrary<Range> = fc.oneof(
  someBound.map((prefix) => ({ prefix })),
  fc.record({ start: someBound, end: someBound }),
  someBound.map((start) => ({ start })),
  someBound.map((end) => ({ end })),
);
const someRangeOrKey: fc.Arbitrary<Range> = fc.oneof(someRange, someKey.map((key) => ({ key })));

const someLease = fc.constantFrom(1, 2, 70, 70, 71, 2 ** 53 - 1);
const someTtl = fc.constantFrom(1, 2, 5, 1_000_000_000);
const someEnd = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: someLease.map((lease) => ({ lease })) },
  { weight: 1, arbitrary: someTtl.map((ttl) => ({ ttl })) },
);
const someBack: fc.Arbitrary<Back> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 20 }) },
  // Still to come.
  { weight: 1, arbitrary: fc.constantFrom(-1, -2) },
);
const someTag: fc.Arbitrary<Tag | null> = fc.oneof(
  { weight: 9, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant("*" as const) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
);
const someOnce: fc.Arbitrary<Once> = fc.oneof(
  { weight: 9, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.constantFrom("n1", "n2", "a-name!") },
  {
    weight: 1,
    arbitrary: fc.record({
      session: fc.nat({ max: 1 }),
      sequence: fc.integer({ min: 1, max: 3 }),
    }),
  },
);
const someDoor = fc.constantFrom<Door>("kv", "v1", "v1", "byQuery");
const someInteger = fc.constantFrom(
  ...[0n, 1n, -1n, 5n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)],
);

const someIncrement = fc.record({
  key: someKey,
  delta: someInteger,
  min: fc.option(someInteger, { freq: 4 }),
  max: fc.option(someInteger, { freq: 4 }),
}).filter(({ min, max }) => min === null || max === null || min <= max)
  .map(({ key, delta, min, max }) => ({
    do: "increment" as const,
    key,
    delta,
    ...(min === null ? {} : { min }),
    ...(max === null ? {} : { max }),
  }));

const someCompare: fc.Arbitrary<Compare> = fc.record({
  range: someRangeOrKey,
  result: fc.constantFrom<Compare["result"]>("=", "!=", "<", ">"),
  what: fc.oneof(
    someValue.map((operand) => ({ target: "value" as const, operand })),
    fc.record({
      target: fc.constantFrom(...["version", "create", "mod", "lease", "count"] as const),
      operand: fc.oneof(fc.nat(12), fc.constant(2 ** 53 - 1)),
    }),
  ),
}).map(({ range, result, what }) => ({ range, result, ...what }));

const { txn: someTxn } = fc.letrec<{ txn: Txn; operation: Operation }>((tie) => ({
  operation: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    someKey.map((key): Operation => ({ do: "get", key })),
    {
      weight: 4,
      arbitrary: fc.record({
        key: someKey,
        value: someValue,
        prevKv: fc.boolean(),
        end: someEnd,
      }).map(({ end, ...rest }): Operation => ({ do: "put", ...rest, ...end })),
    },
    {
      weight: 2,
      arbitrary: fc.record({ range: someRangeOrKey, prevKv: fc.boolean() })
        .map((rest): Operation => ({ do: "delete", ...rest })),
    },
    fc.record({
      range: someRangeOrKey,
      limit: fc.integer({ min: 1, max: 3 }),
      order: fc.constantFrom("asc" as const, "desc" as const),
      keysOnly: fc.boolean(),
      countOnly: fc.boolean(),
    }).map((rest): Operation => ({ do: "range", ...rest })),
    someIncrement,
    tie("txn").map((txn): Operation => ({ do: "txn", txn })),
  ),
  txn: fc.record({
    compare: fc.array(someCompare, { maxLength: 2 }),
    success: fc.array(tie("operation"), { maxLength: 4 }),
    failure: fc.array(tie("operation"), { maxLength: 2 }),
  }),
}));

const conditions = { ifMatch: someTag, ifNoneMatch: someTag, once: someOnce };

/** Puts and deletions of one key. */
const someWrite: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      door: someDoor,
      key: someKey,
      value: someValue,
      raw: fc.boolean(),
      prevKv: fc.boolean(),
      end: someEnd,
      ...conditions,
    }),
  },
  fc.record({
    do: fc.constant("delete" as const),
    door: someDoor,
    key: someKey,
    prevKv: fc.boolean(),
    ...conditions,
  }),
);

const someRead: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    do: fc.constant("get" as const),
    door: someDoor,
    key: someKey,
    back: someBack,
    raw: fc.boolean(),
    holds: fc.boolean(),
    head: fc.boolean(),
  }),
  fc.record({
    do: fc.constant("list" as const),
    door: fc.constantFrom("kv" as const, "v1" as const, "lines" as const),
    range: someRange,
    back: someBack,
    order: fc.constantFrom("asc" as const, "desc" as const),
    limit: fc.option(fc.integer({ min: 1, max: 4 })),
    keysOnly: fc.boolean(),
    between: fc.option(someKey),
  }),
  fc.record({ do: fc.constant("count" as const), range: someRange, back: someBack }),
  fc.record({
    do: fc.constant("watch" as const),
    range: someRangeOrKey,
    back: someBack,
    prevKv: fc.boolean(),
    only: fc.constantFrom(null, "put" as const, "delete" as const),
    resumes: fc.boolean(),
  }),
);

const someLeaseDeed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    do: fc.constant("grant" as const),
    ttl: someTtl,
    lease: fc.option(someLease),
    once: someOnce,
  }),
  fc.record({
    do: fc.constantFrom("keepAlive" as const, "revoke" as const),
    lease: someLease,
    once: someOnce,
  }),
  someLease.map((lease) => ({ do: "timeToLive" as const, lease })),
  fc.record({
    do: fc.constant("leases" as const),
    after: fc.constantFrom(0, 1, 2, 70, 2 ** 53 - 1),
    limit: fc.integer({ min: 1, max: 3 }),
  }),
  fc.constantFrom(100, 1_000, 3_000).map((ms) => ({ do: "wait" as const, ms })),
);

const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 8, arbitrary: someWrite },
  { weight: 8, arbitrary: someRead },
  { weight: 4, arbitrary: someLeaseDeed },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("txn" as const), txn: someTxn, once: someOnce }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("increment" as const),
      operation: someIncrement,
      once: someOnce,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("deleteRange" as const),
      range: someRange,
      prevKv: fc.boolean(),
      once: someOnce,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("compact" as const),
      back: fc.integer({ min: -2, max: 15 }),
      once: someOnce,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "openSession" as const }) },
);

const someDeed: fc.Arbitrary<Deed> = anyDeed.map((deed): Deed => {
  switch (deed.do) {
    case "get": {
      const door = doorFor(deed);
      return door === "kv"
        ? { ...deed, door, back: null, raw: false, holds: false }
        : { ...deed, door };
    }
    case "put": {
      const door = doorFor(deed);
      if (door !== "kv") {
        return deed.raw
          ? { ...deed, door, value: bytesValue(deed.value.bytes) }
          : { ...deed, door };
      }
      const value = deed.value.sent.includes("encoding") ? textValue("bytes") : deed.value;
      return { ...deed, ...UNCONDITIONAL, door, value, raw: false, prevKv: false, end: {} };
    }
    case "delete": {
      const door = doorFor(deed);
      return door === "kv" ? { ...deed, ...UNCONDITIONAL, door, prevKv: false } : { ...deed, door };
    }
    case "list": {
      if (deed.door !== "kv") return deed;
      const prefix = "prefix" in deed.range ? deed.range.prefix : "";
      return { ...deed, range: { prefix }, back: null, order: "asc", keysOnly: false };
    }
    default:
      return deed;
  }
});

/** Something to begin with, so that little is asked for in vain. */
export const FIRST: readonly Deed[] = [
  { do: "openSession" },
  { do: "grant", ttl: 5, lease: 70, once: null },
  ...["a", "b", "n", "é"].map((key, at): Deed => ({
    do: "put",
    door: "v1",
    key,
    value: jsonValue(`${at}`),
    raw: false,
    prevKv: false,
    end: key === "b" ? { lease: 70 } : {},
    ifMatch: null,
    ifNoneMatch: null,
    once: null,
  })),
];

/** Requests that their routes understand, in a row; named ones come twice now and then. */
export const someDeeds: fc.Arbitrary<readonly Deed[]> = fc.array(
  fc.record({ deed: someDeed, isRepeated: fc.boolean() }),
  { minLength: 1, maxLength: 50, size: "max" },
).map((deeds) => [
  ...FIRST,
  ...deeds.flatMap(({ deed, isRepeated }) =>
    isRepeated && "once" in deed && deed.once !== null ? [deed, deed] : [deed]
  ),
]);

const UNCONDITIONAL = { ifMatch: null, ifNoneMatch: null };

/** A path cannot carry this key. */
function doorFor({ door, key }: { readonly door: Door; readonly key: string }): Door {
  return key === ".." ? "byQuery" : door;
}
