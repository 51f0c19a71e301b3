// A lost majority: one directory of three, made to go on alone.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "@raftkv/client";
import { encodeCommand, keyFromBytes, KvStateMachine } from "@raftkv/core/kv";
import {
  configurationOf,
  type Entry,
  type LogIndex,
  type NodeId,
  type Term,
  type Ticket,
} from "@raftkv/core/raft";
import { loadNodeConfig, startNode } from "@raftkv/server";
import { openStore } from "@raftkv/storage";
import { Ports } from "../process/ports.ts";
import { raftkv } from "./fake_surroundings.ts";

const IDENTITY = { clusterId: "old", nodeId: "n2" as NodeId };
const text = (value: string) => new TextEncoder().encode(value);

function put(index: number): Entry {
  const payload = encodeCommand({
    kind: "commit",
    operations: [
      {
        kind: "put",
        key: keyFromBytes(text(`k${index}`)),
        value: text(`v${index}`),
        encoding: "text",
      },
    ],
  });
  return { index: index as LogIndex, term: 3 as Term, kind: "command", timeMs: 1_000, payload };
}

interface Made {
  readonly data: string;
  readonly url: string;
  readonly port: number;
}

/** The directory of n2 with twenty keys, the first twelve in a snapshot as well. */
async function withMember(work: (made: Made) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  using ports = new Ports();
  const port = ports.numbers[0]!;
  const url = `http://127.0.0.1:${port}`;
  try {
    const store = await openStore(data, IDENTITY);
    const entries = Array.from({ length: 20 }, (_, at) => put(at + 1));
    const hardState = { term: 4 as Term, votedFor: "n3" as NodeId };
    for (const batch of [entries.slice(0, 19), entries.slice(19)]) {
      await store.append({ ticket: 1 as Ticket, hardState, entries: batch, repairs: [] });
    }
    const machine = new KvStateMachine();
    for (const entry of entries.slice(0, 12)) machine.apply(entry);
    const last = { index: 12 as LogIndex, term: 3 as Term };
    const members = ["n1", "n2", "n3"].map((id) => ({ id: id as NodeId, url }));
    const configuration = configurationOf(members);
    await store.saveSnapshot({ last, configuration }, machine.snapshot());
    await store.close();
    await work({ data, url, port });
  } finally {
    await Deno.remove(data, { recursive: true });
  }
}

const lineFor = (data: string) => ["recover", "--force-new-cluster", "--data", data, "--id", "n2"];

const namesIn = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("the member goes on alone with everything it holds, and the log says since when", () =>
  withMember(async ({ data, url, port }) => {
    const before = namesIn(data).filter((name) => name !== "LOCK");
    const nowMs = Date.now();
    const { code, stdout, stderr } = await raftkv([...lineFor(data), "--yes", "--json"]);
    assertEquals([code, stderr], [0, ""]);
    const told = JSON.parse(stdout);
    assertEquals([told.keys, told.revision, told.clusterIdBefore], [20, 21, "old"]);
    assertEquals(told.kept, before.map((name) => `${name}.before-${told.clusterId}`));
    assert(told.kept.every((name: string) => namesIn(data).includes(name)));

    const dump = await raftkv(["wal", "dump", data, "--json"]);
    const trace = dump.stdout.trim().split("\n").map((line) => JSON.parse(line))
      .find(({ entryKind }) => entryKind === "configuration");
    assertEquals([trace.index, trace.term], [told.trace.index, 5]);
    assert(trace.timeMs >= nowMs && trace.timeMs <= Date.now());
    assertEquals(trace.content.voters, ["n2"]);
    assertEquals(trace.content.members.map((member: { url: string }) => member.url), [url]);

    const flags = { id: "n2", listen: `127.0.0.1:${port}`, data };
    const node = await startNode(loadNodeConfig({ flags, env: {}, file: null }));
    const client = connect({ endpoints: [url], discover: false });
    for (let at = 1; at <= 20; at++) assertEquals((await client.get(`k${at}`))?.value, `v${at}`);
    await client.put("after", 1);
    const { clusterId, nodes } = await client.status();
    assertEquals([clusterId, nodes.map(({ id }) => id)], [told.clusterId, ["n2"]]);
    await client.close();
    await node.close();
    assertEquals((await raftkv(["wal", "verify", data])).code, 0);
  }));

Deno.test("a person is told what may be lost and must type the member's name", () =>
  withMember(async ({ data }) => {
    const names = namesIn(data);
    for (const stdin of ["", "yes\n", "n1\n"]) {
      const { code, stderr } = await raftkv(lineFor(data), { isTerminal: true, stdin });
      assertEquals(code, 1);
      assertMatch(stderr, /Lost is every write/);
      assertMatch(stderr, /up to 20 of term 3/);
      assertEquals(namesIn(data), names);
    }
    const agreed = await raftkv(lineFor(data), { isTerminal: true, stdin: "n2\nmore" });
    assertEquals(agreed.code, 0);
    assertMatch(agreed.stdout, /^node n2 is the only voter of the new cluster [0-9a-f]{32}\n/);
  }));

Deno.test("without a person and without --yes nothing is done", () =>
  withMember(async ({ data }) => {
    const names = namesIn(data);
    const { code, stderr } = await raftkv(lineFor(data), { stdin: "n2\n" });
    assertEquals(code, 2);
    assertMatch(stderr, /Give --yes/);
    const lines = [
      ["recover", "--data", data, "--id", "n2", "--yes"],
      ["recover", "--force-new-cluster", "--id", "n2", "--yes"],
      ["recover", "--force-new-cluster", "--data", data, "--yes"],
      [...lineFor(data), "--yes", "--advertise", "n2:8001"],
    ];
    for (const line of lines) assertEquals((await raftkv(line)).code, 2, `${line}`);
    assertEquals(namesIn(data), names);
  }));

Deno.test("a directory in use, of another node or damaged is refused", () =>
  withMember(async ({ data }) => {
    const store = await openStore(data, IDENTITY);
    const used = await raftkv([...lineFor(data), "--yes"]);
    assertEquals(used.code, 1);
    assertMatch(used.stderr, /Another process has it open/);
    await store.close();
    const other = await raftkv([...lineFor(data), "--yes", "--id", "n1"]);
    assertEquals(other.code, 1);
    assertMatch(other.stderr, /It belongs to node "n2"/);
    const log = namesIn(data).find((name) => name.startsWith("wal-"))!;
    const bytes = await Deno.readFile(`${data}/${log}`);
    bytes[20]! ^= 1;
    await Deno.writeFile(`${data}/${log}`, bytes);
    const damaged = await raftkv([...lineFor(data), "--yes"]);
    assertEquals(damaged.code, 7);
  }));

Deno.test("a member that lost an entry to damage is refused: what follows builds on it", () =>
  withMember(async ({ data }) => {
    const log = namesIn(data).find((name) => name.startsWith("wal-"))!;
    const bytes = await Deno.readFile(`${data}/${log}`);
    const at = new TextDecoder("latin1").decode(bytes).indexOf("v15");
    bytes[at]! ^= 1;
    await Deno.writeFile(`${data}/${log}`, bytes);
    const { code, stderr } = await raftkv([...lineFor(data), "--yes"]);
    assertEquals(code, 5);
    assertMatch(stderr, /Entry 15 is damaged, and what follows builds on it/);
    assertEquals((await raftkv(["wal", "verify", data])).code, 5);
  }));

Deno.test("a member without a snapshot is asked for its address", async () => {
  const data = await Deno.makeTempDir();
  const store = await openStore(data, IDENTITY);
  const hardState = { term: 3 as Term, votedFor: null };
  await store.append({ ticket: 1 as Ticket, hardState, entries: [put(1)], repairs: [] });
  await store.close();
  const missing = await raftkv([...lineFor(data), "--yes"]);
  assertEquals(missing.code, 2);
  assertMatch(missing.stderr, /Missing --advertise/);
  const line = [...lineFor(data), "--yes", "--advertise", "http://10.0.0.2:8001"];
  assertEquals((await raftkv(line)).code, 0);
  await Deno.remove(data, { recursive: true });
});
