import { assertEquals, assertRejects } from "@std/assert";
import { connect } from "@raftkv/client";
import { type EmbeddedKv, RaftKV } from "@raftkv/embed";
import { ConfigError, DirectoryInUseError } from "@raftkv/server";
import { Ports } from "../process/ports.ts";

Deno.test("what was written is there when the directory is opened again", async () => {
  const directory = await Deno.makeTempDir();
  {
    await using kv = await RaftKV.open({ directory });
    await kv.put("kept", "on disk");
    await assertRejects(() => RaftKV.open({ directory }), DirectoryInUseError);
  }
  {
    await using kv = await RaftKV.open({ directory });
    assertEquals((await kv.get("kept"))?.value, "on disk");
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a node with an address serves others as well", async () => {
  await using kv = await RaftKV.open({ listen: "127.0.0.1:0" });
  await using other = connect({ endpoints: [kv.node.url] });
  await other.put("from", "elsewhere");
  assertEquals((await kv.get("from"))?.value, "elsewhere");
});

Deno.test("three nodes in one process are a cluster, which outlives the one that leads", async () => {
  const directory = await Deno.makeTempDir();
  using ports = new Ports();
  const addresses = ports.numbers.slice(0, 3).map((port) => `127.0.0.1:${port}`);
  const members = Object.fromEntries(addresses.map((each, at) => [`n${at + 1}`, `http://${each}`]));
  const open = (at: number) =>
    RaftKV.open({
      id: `n${at + 1}`,
      directory: `${directory}/n${at + 1}`,
      listen: addresses[at]!,
      members,
      settings: {
        "heartbeat-ms": 20,
        "election-timeout-ms-min": 100,
        "election-timeout-ms-max": 200,
      },
    });
  const nodes = await Promise.all([0, 1, 2].map(open));
  await nodes[0]!.put("count", 1);
  const { id } = await nodes[0]!.leader();
  const isLeader = (kv: EmbeddedKv) => kv.node.nodeId === id;
  await nodes.find(isLeader)?.close();
  const rest = nodes.filter((kv) => !isLeader(kv));
  await rest[0]!.put("count", 2);
  assertEquals((await rest[1]!.get("count"))?.value, 2);
  await Promise.all(rest.map((kv) => kv.close()));
  await Deno.remove(directory, { recursive: true });
});

Deno.test("options that make no sense are refused by their names", async () => {
  await assertRejects(() => RaftKV.open({ id: "not an id" }), ConfigError, "--id");
  await assertRejects(() => RaftKV.open({ listen: "0.0.0.0:0" }), ConfigError, "secret");
});
