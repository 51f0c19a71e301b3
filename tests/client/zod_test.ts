import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { connect, SchemaError } from "@raftkv/client";
import { FakeCluster } from "./fake_cluster.ts";

Deno.test("a schema of zod types a collection without an adapter", async () => {
  const cluster = new FakeCluster();
  await using kv = connect({ endpoints: cluster.urls, fetch: cluster.fetch, discover: false });
  const limits = kv.collection("limits/", z.object({ perMinute: z.number().min(1) }));
  await limits.put("acme", { perMinute: 60 });
  const perMinute: number | undefined = (await limits.get("acme"))?.value.perMinute;
  assertEquals(perMinute, 60);
  const error = await assertRejects(() => limits.put("acme", { perMinute: 0 }), SchemaError);
  assertEquals(error.issues[0]?.path, ["perMinute"]);
  await kv.put("limits/old", { perMinute: "many" });
  await assertRejects(() => limits.get("old"), SchemaError);
});
