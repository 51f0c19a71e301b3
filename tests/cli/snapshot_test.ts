// Backups from the first byte to a new cluster: save from a running node, look, restore, read.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "@raftkv/client";
import { loadNodeConfig, type RunningNode, startNode } from "@raftkv/server";
import { readIdentity } from "@raftkv/storage";
import { Ports } from "../process/ports.ts";
import { raftkv } from "./fake_surroundings.ts";

const KEYS = 600;

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function start(flags: Readonly<Record<string, string>>): Promise<RunningNode> {
  return startNode(loadNodeConfig({ flags, env: {}, file: null }));
}

/** A store of one node with some hundred keys and a session, saved to a file. */
async function saved(folder: string): Promise<{ file: string; clusterId: string }> {
  await using stack = new AsyncDisposableStack();
  const node = await start({ listen: "127.0.0.1:0", data: ":memory:" });
  stack.defer(() => node.close());
  const client = stack.use(connect({ endpoints: [node.url], discover: false }));
  await Promise.all(
    Array.from({ length: KEYS }, (_, at) => client.put(`key/${at}`, `value ${at}`)),
  );
  await client.put("large", "x".repeat(900_000));
  const file = `${folder}/backup`;
  const { code, stdout, stderr } = await raftkv(["snapshot", "save", file, "--node", node.url]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^saved revision 602 \(entry \d+ of term 1, \d+ bytes\) to \S+\nof cluster /);
  return { file, clusterId: (await client.status()).clusterId };
}

Deno.test("a backup restored for three members is a cluster in which everything is there", () =>
  withFolder(async (folder) => {
    const { file, clusterId } = await saved(folder);
    using ports = new Ports();
    const ids = ["n1", "n2", "n3"];
    const cluster = ids.map((id, at) => `${id}=http://127.0.0.1:${ports.numbers[at]}`).join(",");
    const told = await Promise.all(ids.map(async (id) => {
      const args = ["--data", `${folder}/${id}`, "--id", id, "--cluster", cluster, "--json"];
      const { code, stdout, stderr } = await raftkv(["snapshot", "restore", file, ...args]);
      assertEquals([code, stderr], [0, ""]);
      return JSON.parse(stdout);
    }));
    for (const key of ["clusterId", "stateDigest", "firstIndex", "keys"]) {
      assertEquals(new Set(told.map((each) => each[key])).size, 1, key);
    }
    assert(told[0].clusterId !== clusterId && told[0].firstIndex > 1_000_000_000);
    assertEquals(await readIdentity(`${folder}/n2`), {
      clusterId: told[0].clusterId,
      nodeId: told[1].nodeId,
    });

    await using stack = new AsyncDisposableStack();
    for (const [at, id] of ids.entries()) {
      const listen = cluster.split(",")[at]!.replace(/^.*\/\//, "");
      const node = await start({ id, listen, cluster, data: `${folder}/${id}` });
      stack.defer(() => node.close());
    }
    for (const pair of cluster.split(",")) {
      const endpoints = [pair.slice(3)];
      const client = stack.use(connect({ endpoints, discover: false, timeoutMs: 20_000 }));
      const found = new Map<string, unknown>();
      for await (const { key, value } of client.list()) found.set(key, value);
      assertEquals([...found.keys()].filter((key) => !key.startsWith("new/")).length, KEYS + 1);
      for (let at = 0; at < KEYS; at++) assertEquals(found.get(`key/${at}`), `value ${at}`);
      await client.put(`new/${endpoints[0]}`, 1);
    }
  }));

Deno.test("inspect tells what is in a backup, and refuses one that is not whole", () =>
  withFolder(async (folder) => {
    const { file, clusterId } = await saved(folder);
    const { code, stdout } = await raftkv(["snapshot", "inspect", file, "--json"]);
    const json = JSON.parse(stdout);
    assertEquals([code, json.clusterId, json.keys, json.revision], [0, clusterId, 601, 602]);
    assertMatch(
      (await raftkv(["snapshot", "inspect", file])).stdout,
      /: sound, \d+ bytes of state/,
    );

    const bytes = await Deno.readFile(file);
    const cut = `${folder}/cut`;
    await Deno.writeFile(cut, bytes.subarray(0, bytes.length - 1));
    const flipped = `${folder}/flipped`;
    bytes[bytes.length >> 1]! ^= 1;
    await Deno.writeFile(flipped, bytes);
    const other = `${folder}/other`;
    await Deno.writeTextFile(other, '{"key":"a","value":1}\n');
    for (const path of [cut, flipped, other]) {
      const place = ["--data", `${folder}/n1`, "--id", "n1", "--cluster", "n1=http://127.0.0.1:1"];
      for (const args of [["inspect", path], ["restore", path, ...place]]) {
        const { code, stderr } = await raftkv(["snapshot", ...args]);
        assertEquals([code, stderr.split("\n").length], [5, 2]);
        assert(stderr.startsWith(`error: Cannot read backup "${path}" at byte `), stderr);
      }
    }
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === "n1"), false);
  }));

Deno.test("a backup is for its owner alone, and nothing else is left beside it", () =>
  withFolder(async (folder) => {
    const { file } = await saved(folder);
    const { mode } = await Deno.stat(file);
    if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["backup"]);
  }));

Deno.test("a backup that breaks off is not kept, and the file of yesterday stays", () =>
  withFolder(async (folder) => {
    const file = `${folder}/backup`;
    const whole = await Deno.readFile((await saved(folder)).file);
    await Deno.writeTextFile(file, "yesterday");
    let sent: Uint8Array<ArrayBuffer> = whole;
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(sent),
    );
    const save = () => raftkv(["snapshot", "save", file, "--node", `http://127.0.0.1:${port}`]);
    const { port } = server.addr;
    sent = whole.slice(0, whole.length - 40);
    const { code, stderr } = await save();
    assertEquals(code, 5);
    assert(stderr.includes("It ends early"), stderr);
    assertEquals(await Deno.readTextFile(file), "yesterday");
    sent = whole;
    assertEquals((await save()).code, 0);
    assertEquals(await Deno.readFile(file), whole);
    await server.shutdown();
    assertEquals([...Deno.readDirSync(folder)].length, 1);
    const nobody = await save();
    assertEquals(nobody.code, 1);
    assertMatch(nobody.stderr, /^error: No node gave a backup: http:\S+: /);
  }));

Deno.test("restore refuses a directory in which anything is", () =>
  withFolder(async (folder) => {
    const { file } = await saved(folder);
    const data = `${folder}/n1`;
    const args = ["--data", data, "--id", "n1", "--cluster", "n1=http://127.0.0.1:1"];
    await Deno.mkdir(data);
    await Deno.writeTextFile(`${data}/notes`, "");
    const { code, stderr } = await raftkv(["snapshot", "restore", file, ...args]);
    assertEquals([code, stderr], [
      1,
      `error: Cannot use data directory "${data}": It is not empty: "notes" is in it\n`,
    ]);
    await Deno.remove(`${data}/notes`);
    assertEquals((await raftkv(["snapshot", "restore", file, ...args])).code, 0);
    const again = await raftkv(["snapshot", "restore", file, ...args]);
    assertEquals(again.code, 1);
    // Another token, another cluster.
    const other = [...args, "--data", `${folder}/n2`, "--token", "second", "--json"];
    const { stdout } = await raftkv(["snapshot", "restore", file, ...other]);
    assert(JSON.parse(stdout).clusterId !== (await readIdentity(data))?.clusterId);
  }));

Deno.test("restore needs to know where, who and with whom", async () => {
  const lines = [
    ["restore", "f", "--id", "n1", "--cluster", "n1=http://a:1"],
    ["restore", "f", "--data", "d", "--cluster", "n1=http://a:1"],
    ["restore", "f", "--data", "d", "--id", "n1"],
    ["restore", "f", "--data", "d", "--id", "n1", "--cluster", "n1"],
    ["restore", "f", "--data", "d", "--id", "n1", "--cluster", "n2=http://a:1"],
  ];
  for (const line of lines) assertEquals((await raftkv(["snapshot", ...line])).code, 2, `${line}`);
});
