// A byte rots on one node while it is down: the node stays itself, and has from its peers what it lost.

import { assert, assertEquals } from "@std/assert";
import { Cluster } from "./cluster.ts";
import { contentsOf } from "./contents.ts";
import { flipByteIn } from "./flipped_byte.ts";
import { Load } from "./load.ts";

Deno.test("a byte flipped on one node while it is down costs the cluster nothing, and the node is whole again", async () => {
  await using cluster = await Cluster.start();
  const write = async (prefix: string) => {
    await using load = new Load({ urls: cluster.urls, prefix, clients: 8, writes: 800 });
    await load.finished;
    return load.book;
  };
  const books = [await write("before")];
  await cluster.settled();
  const leader = await cluster.leader();
  // The leader of all: it must not lead again before it is whole.
  await leader.kill();
  const { file, offsetBytes } = await flipByteIn(leader.dataDir, "before");
  books.push(await write("meanwhile"));
  leader.start();
  const damaged = await leader.report("the damage", ({ event }) => event === "damaged");
  assert(damaged.report.event === "damaged" && damaged.report.lostEntries === 1);
  await leader.report("its repair", ({ event }) => event === "repaired");
  await cluster.settled();
  const written = new Map(books.flatMap((book) => [...book]));
  for (const node of cluster.nodes) {
    assertEquals(await contentsOf(node, { consistency: "stale" }), written, node.id);
  }
  // What was had again is written down: the next start needs nobody.
  await leader.kill();
  leader.start();
  await leader.report("its start", ({ event }) => event === "started");
  await cluster.settled();
  const events = leader.heard.map(({ report }) => report.event);
  assertEquals(events.filter((event) => event === "damaged" || event === "repaired"), []);
  const bytes = await Deno.readFile(`${leader.dataDir}/${file}`);
  assertEquals(bytes[offsetBytes], "b".charCodeAt(0) ^ 0x04, "the damage is left for a look");
});
