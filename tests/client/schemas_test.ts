/**
 * Schemas of zod, valibot and arktype, the real ones, type a collection without an adapter.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { type Collection, connect, type Kv, SchemaError, type StandardIssue } from "@raftkv/client";
import { FakeCluster } from "./fake_cluster.ts";

/** What each of the schemas makes of a value; `burst` may be left out. */
interface Limit {
  perMinute: number;
  burst: number;
}

const ofZod = z.object({ perMinute: z.number().min(1), burst: z.number().default(0) });
const ofValibot = v.object({
  perMinute: v.pipe(v.number(), v.minValue(1)),
  burst: v.optional(v.number(), 0),
});
const ofArktype = type({ perMinute: "number >= 1", burst: "number = 0" });

type OutputOf<C> = C extends Collection<infer _, infer Output> ? Output : never;
type InputOf<C> = C extends Collection<infer Input, infer _> ? Input : never;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
type Flat<T> = { [Name in keyof T]: T[Name] };

/** Does not compile unless the two types are one. */
function isThatType<_ extends true>(): void {}

Deno.test("the types of a collection are those of its schema, whoever made it", async () => {
  await using kv = connect({ endpoints: ["http://n1.test"] });
  const [zod, valibot, arktype] = [
    kv.collection("limits/", ofZod),
    kv.collection("limits/", ofValibot),
    kv.collection("limits/", ofArktype),
  ];
  isThatType<Equal<Flat<OutputOf<typeof zod>>, Limit>>();
  isThatType<Equal<Flat<OutputOf<typeof valibot>>, Limit>>();
  isThatType<Equal<Flat<OutputOf<typeof arktype>>, Limit>>();
  isThatType<Equal<InputOf<typeof zod>["perMinute"], number>>();
  isThatType<Equal<InputOf<typeof valibot>["perMinute"], number>>();
  isThatType<Equal<InputOf<typeof arktype>["perMinute"], number>>();
  const wrong = () => [
    // @ts-expect-error: A text is no number.
    zod.put("acme", { perMinute: "many" }),
    // @ts-expect-error: A text is no number.
    valibot.put("acme", { perMinute: "many" }),
    // @ts-expect-error: A text is no number.
    arktype.put("acme", { perMinute: "many" }),
  ];
  assertEquals(typeof wrong, "function", "it is for the type checker alone");
});

for (
  const [vendor, collectionOf] of [
    ["zod", (kv: Kv) => kv.collection("limits/", ofZod)],
    ["valibot", (kv: Kv) => kv.collection("limits/", ofValibot)],
    ["arktype", (kv: Kv) => kv.collection("limits/", ofArktype)],
  ] as const
) {
  Deno.test(`a schema of ${vendor} keeps out what does not fit, and fills in what is left out`, async () => {
    const cluster = new FakeCluster();
    await using kv = connect({ endpoints: cluster.urls, fetch: cluster.fetch, discover: false });
    const limits = collectionOf(kv);
    await limits.put("acme", { perMinute: 60 });
    const found: Limit | undefined = (await limits.get("acme"))?.value;
    assertEquals(found, { perMinute: 60, burst: 0 });
    const error = await assertRejects(() => limits.put("acme", { perMinute: 0 }), SchemaError);
    assertEquals(error.issues.map(pathOf), [["perMinute"]]);
    await kv.put("limits/old", { perMinute: "many" });
    await assertRejects(() => limits.get("old"), SchemaError);
  });
}

/** Each vendor spells the steps of a path its own way, as the standard lets it. */
function pathOf({ path = [] }: StandardIssue): readonly PropertyKey[] {
  return [...path].map((step) => typeof step === "object" ? step.key : step);
}
