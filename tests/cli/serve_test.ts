/**
 * `raftkv serve`, with a real node in memory.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { run } from "@raftkv/cli";
import { connect } from "@raftkv/client";
import type { NodeId } from "@raftkv/core/raft";
import { openStore } from "@raftkv/storage";
import { batchOf, entriesOf } from "../../storage/testing/fixtures.ts";
import { Ports } from "../process/ports.ts";
import { FakeSurroundings, type Given, raftkv } from "./fake_surroundings.ts";

const ALONE = ["serve", "--data", ":memory:", "--listen", "127.0.0.1:0"];

/** Waits for a line on standard output that matches. */
async function shown({ stdout }: FakeSurroundings, pattern: RegExp): Promise<string> {
  for (;;) {
    const found = pattern.exec(stdout.text);
    if (found !== null) return found[1] ?? "";
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function start(args: readonly string[], given: Given = {}) {
  const surroundings = new FakeSurroundings([...ALONE, ...args], given);
  return { surroundings, code: run(surroundings) };
}

Deno.test("a node by itself serves until it is told to stop", async () => {
  for (const reason of ["interrupt", "terminate"] as const) {
    const { surroundings, code } = start([]);
    const url = await shown(surroundings, /started on (http:\S+) as process /);
    await using kv = connect({ endpoints: [url], discover: false });
    await kv.put("a", 1);
    assertEquals((await kv.get("a"))?.value, 1);
    surroundings.stop(reason);
    assertEquals(await code, 0);
    assertMatch(surroundings.stdout.text, /n1 leads in term 1\nstopped\n$/);
    assertEquals(surroundings.isListening, false);
  }
});

Deno.test("a supervised node leaves Ctrl-C alone and stops when its input ends", async () => {
  let close = () => {};
  const { surroundings, code } = start(["--supervised", "--json"], {
    stdinStream: new ReadableStream({ start: (stream) => void (close = () => stream.close()) }),
  });
  const url = await shown(surroundings, /"event":"started","url":"([^"]+)"/);
  await using kv = connect({ endpoints: [url], discover: false, timeoutMs: 2_000 });
  await kv.leader();
  surroundings.stop("interrupt");
  await kv.put("a", 1);
  close();
  assertEquals(await code, 0);
  for (const line of surroundings.stdout.text.trim().split("\n")) {
    assert("event" in JSON.parse(line), line);
  }
});

Deno.test("a configuration that makes no sense is wrong usage", async () => {
  const { code, stderr } = await raftkv([...ALONE, "--heartbeat-ms", "soon"]);
  assertEquals(code, 2);
  assertMatch(
    stderr,
    /^error: --heartbeat-ms: Expected a whole number .*"soon" \(see raftkv serve --help\)\n$/,
  );
  const env = { RAFTKV_HEARTBEAT_MS: "soon" };
  assertMatch((await raftkv(ALONE, { env })).stderr, /^error: RAFTKV_HEARTBEAT_MS: /);
  const files = { "c.json": '{"heartbeatMs": "soon"}' };
  const file = await raftkv([...ALONE, "--config", "c.json"], { files });
  assertMatch(file.stderr, /^error: c\.json: "heartbeatMs": /);
  assertEquals((await raftkv([...ALONE, "--config", "nowhere"])).code, 2);
});

Deno.test("a port that is taken is one clear line and exit code 1", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const args = ["serve", "--data", ":memory:", "--listen", `127.0.0.1:${port}`];
  const { code, stderr } = await raftkv(args);
  assertEquals([code, stderr.split("\n").length, stderr.includes(`${port}`)], [1, 2, true]);
  const supervised = await raftkv([...args, "--supervised", "--json"], {
    stdinStream: new ReadableStream(),
  });
  listener.close();
  assertEquals([supervised.code, supervised.stderr], [1, ""]);
  assertEquals(JSON.parse(supervised.stdout).event, "failed");
});

/** A directory with six entries in batches of two, damaged where a text stands. */
async function damagedAt(directory: string, text: string | number): Promise<void> {
  const store = await openStore(directory, { clusterId: "c1", nodeId: "n1" as NodeId });
  for (const first of [1, 3, 5]) {
    await store.append(batchOf(entriesOf(1, { first, last: first + 1 })));
  }
  await store.close();
  const [name] = [...Deno.readDirSync(directory)].map(({ name }) => name)
    .filter((name) => name.startsWith("wal-"));
  const path = `${directory}/${name}`;
  const bytes = await Deno.readFile(path);
  const at = typeof text === "number"
    ? text
    : new TextDecoder("latin1").decode(bytes).indexOf(text);
  bytes[at]! ^= 1;
  await Deno.writeFile(path, bytes);
}

Deno.test("what a node cannot make up for ends it with a code of its own, and changes nothing", async () => {
  const cases = [
    {
      at: 20,
      code: 7,
      line: /^error: Cannot open "wal-\S+".*: Checksum .* and must be replaced\n$/,
    },
    {
      at: "entry 3 of",
      code: 5,
      line: /Entry 3 of its log is damaged, and there is no other member/,
    },
  ];
  for (const { at, code, line } of cases) {
    const directory = await Deno.makeTempDir();
    await damagedAt(directory, at);
    const args = ["serve", "--data", directory, "--listen", "127.0.0.1:0"];
    const ended = await raftkv(args);
    assertEquals(ended.code, code, ended.stderr);
    assertMatch(ended.stderr, line);
    const report = await raftkv(["wal", "verify", directory]);
    assertEquals(report.code, 5, "the damage is left for a look");
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a damaged member of a cluster serves, and says what it waits for", async () => {
  const directory = await Deno.makeTempDir();
  await damagedAt(directory, "entry 3 of");
  using ports = new Ports();
  const [own, other] = ports.numbers.map((port) => `http://127.0.0.1:${port}`);
  const surroundings = new FakeSurroundings([
    ...["serve", "--id", "n1", "--data", directory, "--listen", new URL(own!).host],
    ...["--cluster", `n1=${own},n2=${other}`],
  ]);
  const code = run(surroundings);
  await shown(surroundings, /finds (1) entries of its log damaged: votes, but does not lead/);
  surroundings.stop("terminate");
  assertEquals(await code, 0);
  await Deno.remove(directory, { recursive: true });
});
