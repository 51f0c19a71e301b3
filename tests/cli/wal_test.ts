// `raftkv wal` over real directories, sound and damaged.

import { writtenBytesOf } from "../support/written_bytes.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeCommand, keyFromBytes } from "@raftkv/core/kv";
import {
  configurationOf,
  type Entry,
  type LogIndex,
  type NodeId,
  type Term,
  type Ticket,
} from "@raftkv/core/raft";
import { encodeConfiguration } from "@raftkv/core/codec";
import { openStore } from "@raftkv/storage";
import { raftkv } from "./fake_surroundings.ts";

const text = (value: string) => new TextEncoder().encode(value);
const keyOf = (value: string) => keyFromBytes(text(value));

function entry(index: number, rest: Pick<Entry, "kind" | "payload">): Entry {
  return { index: index as LogIndex, term: 1 as Term, timeMs: 1_700_000_000_000 + index, ...rest };
}

const put = (key: string, value: Uint8Array) =>
  encodeCommand({
    kind: "commit",
    once: { session: 4, sequence: 2 },
    operations: [{ kind: "put", key: keyOf(key), value, encoding: "text" }],
  });

const ENTRIES = [
  entry(1, { kind: "noop", payload: new Uint8Array() }),
  entry(2, { kind: "command", payload: put("größe", text("line\nfeed")) }),
  entry(3, { kind: "command", payload: put("long", text("x".repeat(500))) }),
  entry(4, { kind: "command", payload: put("raw", Uint8Array.of(0xff, 0)) }),
  entry(5, { kind: "command", payload: Uint8Array.of(77) }),
  entry(6, {
    kind: "configuration",
    payload: encodeConfiguration(
      configurationOf([{ id: "n1" as NodeId, url: "http://127.0.0.1:8001" }]),
    ),
  }),
];

async function withDirectory(work: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    const store = await openStore(path, { clusterId: "c1", nodeId: "n1" as NodeId });
    const hardState = { term: 1 as Term, votedFor: "n1" as NodeId };
    await store.append({ ticket: 1 as Ticket, hardState, entries: ENTRIES, repairs: [] });
    await store.close();
    await work(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

async function logOf(path: string): Promise<string> {
  for await (const { name } of Deno.readDir(path)) {
    if (name.startsWith("wal-")) return `${path}/${name}`;
  }
  throw new Error("No segment");
}

Deno.test("a dump shows every record of the log in a line", () =>
  withDirectory(async (path) => {
    const { code, stdout, stderr } = await raftkv(["wal", "dump", path]);
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assertMatch(
      lines[0]!,
      /^wal-0000000001-\d+\.log {2}sound {2}\d+ bytes {2}6 entries after the beginning up to 6 of term 1, term 1, voted for n1$/,
    );
    assertEquals(lines.slice(1).map((line) => line.trim().replace(/^\d+ {2}/, "")), [
      "hard state  term 0",
      lines[2]!.trim().replace(/^\d+ {2}/, ""),
      "hard state  term 1, voted for n1",
      "entry 1  term 1  2023-11-14T22:13:20.001Z  noop",
      "entry 2  term 1  2023-11-14T22:13:20.002Z  command commit once={session=4 sequence=2} " +
      'operations=[put key="größe" value="line\\nfeed" encoding=text]',
      "entry 3  term 1  2023-11-14T22:13:20.003Z  command commit once={session=4 sequence=2} " +
      `operations=[put key=long value="${"x".repeat(60)}"… (500 characters) encoding=text]`,
      "entry 4  term 1  2023-11-14T22:13:20.004Z  command commit once={session=4 sequence=2} " +
      'operations=[put key=raw value={base64="/wA="} encoding=text]',
      lines[8]!.trim().replace(/^\d+ {2}/, ""),
      lines[9]!.trim().replace(/^\d+ {2}/, ""),
      lines[10]!.trim().replace(/^\d+ {2}/, ""),
    ]);
    assertMatch(lines[8]!, /command undecodable=".*" base64="TQ=="$/);
    assertMatch(
      lines[9]!,
      /configuration members=\[id=n1 url=http:\/\/127.0.0.1:8001\] voters=\[n1\]/,
    );
    assertMatch(lines[10]!, /commit {2}the log ends with 6 of term 1, durable up to byte \d+$/);
  }));

Deno.test("a dump in JSON is one object a line, with values whole", () =>
  withDirectory(async (path) => {
    const { stdout } = await raftkv(["wal", "dump", path, "--json"]);
    const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map(({ kind }) => kind), [
      "segment",
      "hard_state",
      "commit",
      "hard_state",
      ...ENTRIES.map(() => "entry"),
      "commit",
    ]);
    const third = lines.find(({ kind, index }) => kind === "entry" && index === 3);
    assertEquals(third.content.operations[0].value, "x".repeat(500));
    assertEquals([third.entryKind, third.term, third.isWhole], ["command", 1, true]);
  }));

Deno.test("verify says that a sound directory is sound, also while a node has it open", () =>
  withDirectory(async (path) => {
    const store = await openStore(path, { clusterId: "c1", nodeId: "n1" as NodeId });
    const { code, stdout } = await raftkv(["wal", "verify", path]);
    await store.close();
    const lines = stdout.trimEnd().split("\n");
    assertEquals([code, lines[0], lines.at(-1)], [0, `${path}: node n1 of cluster c1`, "sound"]);
    assertEquals(
      lines.at(-2),
      "A node that opens it begins with the log after the beginning up to 6 of term 1, term 1, " +
        "voted for n1",
    );
    assertEquals(lines.some((line) => line.startsWith("LOCK")), false);
  }));

Deno.test("verify tells a torn tail, which is no damage, from a flipped bit, which is", () =>
  withDirectory(async (path) => {
    const log = await logOf(path);
    const bytes = await Deno.readFile(log);
    const writtenBytes = writtenBytesOf(bytes);
    await Deno.writeFile(log, bytes.subarray(0, writtenBytes - 3));
    const torn = await raftkv(["wal", "verify", path]);
    assertEquals(torn.code, 0);
    assertMatch(torn.stdout, /mends it: wal-\S+ is cut at byte \d+: what follows is torn\n/);

    const flipped = bytes.slice();
    flipped[50]! ^= 4;
    await Deno.writeFile(log, flipped);
    const damaged = await raftkv(["wal", "verify", path, "--json"]);
    const report = JSON.parse(damaged.stdout);
    assertEquals([damaged.code, report.isDamaged, report.outlook.kind], [5, true, "refused"]);
    assertEquals(report.outlook.error, "LostLogError");
    const text = await raftkv(["wal", "verify", path]);
    assert(text.stdout.includes("A node would refuse it: Cannot open"), text.stdout);
    assertEquals((await raftkv(["wal", "dump", path])).code, 5);
  }));

Deno.test("wal asks for a verb it knows and a directory that is there", async () => {
  const wrong = await raftkv(["wal", "dumb", "x"]);
  assertEquals([wrong.code, wrong.stderr], [
    2,
    'error: Unknown command "wal dumb"; did you mean dump? (see raftkv wal --help)\n',
  ]);
  const missing = await raftkv(["wal", "verify", "/nowhere/at/all"]);
  assertEquals([missing.code, missing.stderr], [
    1,
    'error: Cannot use data directory "/nowhere/at/all": There is no such directory\n',
  ]);
});
