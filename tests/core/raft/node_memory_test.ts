// Tools that tell nodes apart by their memory must see all of it: a field that is left out would
// make them take two states for one, and the search of all states would pass over what follows.

import { assertEquals } from "@std/assert";
import { RaftBench } from "../../support/raft_bench.ts";

const FOLDER = new URL("../../../core/raft/", import.meta.url);

Deno.test("what a node says it remembers leaves out no private field", async () => {
  let classes = 0;
  for await (const { name } of Deno.readDir(FOLDER)) {
    const source = await Deno.readTextFile(new URL(name, FOLDER));
    const fields = [...source.matchAll(/^ {2}(?:readonly )?(#\w+)(?:: [^(]*|\s*=.*);$/gm)];
    if (fields.length === 0) continue;
    classes++;
    const body = source.split("toJSON()")[1]?.split("\n  }\n")[0] ?? "";
    const missing = fields.map(([, field]) => field as string).filter((field) =>
      !body.includes(`this.${field}`)
    );
    assertEquals(missing, [], name);
  }
  assertEquals(classes, 7);
});

Deno.test("what a node remembers tells a batch on its way from one that is durable", () => {
  const memoryOf = (bench: RaftBench) => JSON.stringify(bench.node);
  const writing = new RaftBench().becomeLeader();
  const synced = new RaftBench().becomeLeader().sync();
  assertEquals(memoryOf(writing), memoryOf(new RaftBench().becomeLeader()));
  assertEquals(memoryOf(writing) === memoryOf(synced), false);
});
