/**
 * Random commits over few keys, so that they meet, and shrink to the step that matters.
 *
 * @module
 */

import {
  type Branches,
  type Compare,
  type DeleteOperation,
  type Key,
  KEY_FIRST,
  keyAfter,
  keyFromBytes,
  type KeyRange,
  type Operation,
  type PutOperation,
  type Relation,
} from "@raftkv/core/kv";
import fc from "fast-check";

/** Keys of the bytes that an order or an escape may get wrong. */
export const someKey: fc.Arbitrary<Key> = fc
  .array(fc.constantFrom(0, 1, 0x61, 0xfe, 0xff), { minLength: 1, maxLength: 3 })
  .map((bytes) => keyFromBytes(Uint8Array.from(bytes)));

/** Where a range may begin or end. */
export const someBound: fc.Arbitrary<Key> = fc.oneof(fc.constant(KEY_FIRST), someKey);

const someRange: fc.Arbitrary<KeyRange> = fc.oneof(
  fc.record({ start: someBound, end: fc.option(someBound) }),
  someKey.map((key) => ({ start: key, end: keyAfter(key) })),
);

const somePrevKv: fc.Arbitrary<{ readonly prevKv?: true }> = fc.boolean()
  .map((asked) => asked ? { prevKv: true } : {});

const somePut: fc.Arbitrary<PutOperation> = fc.record({
  key: someKey,
  prevKv: somePrevKv,
  content: fc.oneof(
    fc.uint8Array({ maxLength: 3 }).map((value) => ({ value, encoding: "bytes" } as const)),
    fc.constantFrom("0", "7", "-3", "07", "9223372036854775807", "9223372036854775808", "-0").map((
      text,
    ) => ({ value: new TextEncoder().encode(text), encoding: "json" } as const)),
  ),
}).map(({ key, prevKv, content }) => ({ kind: "put", key, ...content, ...prevKv }));

const someDelete: fc.Arbitrary<DeleteOperation> = fc.tuple(someKey, somePrevKv)
  .map(([key, prevKv]) => ({ kind: "delete", key, ...prevKv }));

/** A put or a deletion of one key. */
export const someWrite: fc.Arbitrary<PutOperation | DeleteOperation> = fc.oneof(
  { weight: 3, arbitrary: somePut },
  { weight: 2, arbitrary: someDelete },
);

const someInteger = fc.oneof(
  fc.bigInt(-5n, 5n),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n),
);

const someCompare: fc.Arbitrary<Compare> = fc.record({
  range: someRange,
  relation: fc.constantFrom<Relation>("=", "!=", "<", ">"),
  what: fc.oneof(
    fc.uint8Array({ maxLength: 2 }).map((operand) => ({ target: "value", operand } as const)),
    fc.record({
      target: fc.constantFrom("version", "create", "mod", "lease", "count"),
      operand: fc.nat(6),
    }),
  ),
}).map(({ range, relation, what }) => ({ ...range, relation, ...what }));

/** Any operation, commits of a few levels included. */
export const { operation: someOperation, branches: someBranches } = fc.letrec<{
  operation: Operation;
  branches: Branches;
}>((tie) => ({
  operation: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: someWrite },
    {
      weight: 1,
      arbitrary: fc.tuple(someRange, somePrevKv)
        .map(([range, prevKv]): Operation => ({ kind: "delete_range", ...range, ...prevKv })),
    },
    { weight: 1, arbitrary: someKey.map((key): Operation => ({ kind: "get", key })) },
    {
      weight: 1,
      arbitrary: fc.record({
        range: someRange,
        limit: fc.integer({ min: 1, max: 3 }),
        descending: fc.boolean(),
        keysOnly: fc.boolean(),
        countOnly: fc.boolean(),
      }).map(({ range, ...rest }): Operation => ({ kind: "range", ...range, ...rest })),
    },
    {
      weight: 2,
      arbitrary: fc.record({ key: someKey, delta: someInteger, bound: fc.option(someInteger) })
        .map(({ key, delta, bound }): Operation => ({
          kind: "increment",
          key,
          delta,
          ...(bound === null ? {} : bound < 0n ? { min: bound } : { max: bound }),
        })),
    },
    {
      weight: 1,
      arbitrary: tie("branches").map((branches): Operation => ({ kind: "commit", ...branches })),
    },
  ),
  branches: fc.record({
    compares: fc.array(someCompare, { maxLength: 2 }),
    operations: fc.array(tie("operation"), { maxLength: 4 }),
    otherwise: fc.array(tie("operation"), { maxLength: 2 }),
  }).map(({ compares, operations, otherwise }) => ({
    ...(compares.length === 0 ? {} : { compares }),
    operations,
    ...(otherwise.length === 0 ? {} : { otherwise }),
  })),
}));
