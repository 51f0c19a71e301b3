/**
 * Each command of the client, against a cluster over real sockets.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { failure, FakeCluster } from "../client/fake_cluster.ts";
import { type Given, raftkv, type Ran } from "./fake_surroundings.ts";

type Run = (args: readonly string[], given?: Given) => Promise<Ran>;

/** Runs commands whose endpoints are those of a cluster. */
async function against(work: (run: Run, cluster: FakeCluster) => Promise<void>): Promise<void> {
  const cluster = new FakeCluster();
  const stop = cluster.listen();
  const endpoints = { RAFTKV_ENDPOINTS: cluster.urls.join(",") };
  try {
    await work(
      (args, given = {}) => raftkv(args, { ...given, env: { ...endpoints, ...given.env } }),
      cluster,
    );
  } finally {
    await stop();
  }
}

const done = (stdout: string) => ({ code: 0, stdout, stderr: "" });
const told = ({ code, stdout, stderr }: Ran) => ({ code, stdout, stderr });

Deno.test("put, get and del do what their names say", () =>
  against(async (run, cluster) => {
    assertEquals(
      told(await run(["put", "db.host", "postgres.internal"])),
      done("stored db.host at revision 2\n"),
    );
    assertEquals(told(await run(["get", "db.host"])), done("db.host = postgres.internal\n"));
    assertEquals(told(await run(["del", "db.host"])), done("removed db.host at revision 4\n"));
    assertEquals(cluster.store.size, 0);
  }));

Deno.test("what is not there has an exit code of its own", () =>
  against(async (run) => {
    const missing = { code: 4, stdout: "", stderr: "error: No such key: nothing\n" };
    assertEquals(told(await run(["get", "nothing"])), missing);
    assertEquals(told(await run(["get", "nothing", "--raw"])), missing);
    assertEquals(told(await run(["del", "nothing"])), missing);
    const json = await run(["get", "nothing", "--json"]);
    assertEquals(JSON.parse(json.stderr).error.code, "key_not_found");
  }));

Deno.test("--json writes the server's own answer", () =>
  against(async (run) => {
    const put = await run(["put", "a", "1", "--json"]);
    assertEquals(JSON.parse(put.stdout).version, 1);
    const get = await run(["get", "a", "--json", "--raw"]);
    assertEquals(JSON.parse(get.stdout).value, "1");
    const del = await run(["del", "a", "--json"]);
    assertEquals(JSON.parse(del.stdout).deleted, 1);
  }));

Deno.test("values are text, unless they are said to be JSON", () =>
  against(async (run, cluster) => {
    await run(["put", "a", "5"]);
    await run(["put", "b", "--value-json", '{"size": 8}']);
    await run(["put", "c", "--", "-5"]);
    await run(["put", "d", "-"], { stdin: "two\nlines\n" });
    await run(["put", "e", "-", "--value-json"], { stdin: " [true] " });
    const values = [...cluster.store.values()].map((entry) => entry.value);
    assertEquals(values, ["5", { size: 8 }, "-5", "two\nlines\n", [true]]);
    const wrong = await run(["put", "f", "--value-json", "{"]);
    assertEquals([wrong.code, cluster.store.has("f")], [2, false]);
    const binary = await run(["put", "f", "-"], { stdin: new Uint8Array([0xff, 0xfe]) });
    assertEquals([binary.code, cluster.store.has("f")], [1, false]);
  }));

Deno.test("--raw writes exactly the value, and a line feed only on a terminal", () =>
  against(async (run) => {
    await run(["put", "a", "\x1b[31mx\n"]);
    assertEquals((await run(["get", "a", "--raw"])).stdout, "\x1b[31mx\n");
    assertEquals((await run(["get", "a", "--raw"], { isTerminal: true })).stdout, "\x1b[31mx\n\n");
    assertEquals((await run(["get", "a"])).stdout, 'a = "\\u001b[31mx\\n"\n');
    await run(["put", "b", "--value-json", "[1, 2]"]);
    assertEquals((await run(["get", "b", "--raw"])).stdout, "[1,2]");
  }));

Deno.test("list shows all pages, a prefix of them, or the first few", () =>
  against(async (run, cluster) => {
    for (const key of ["a/1", "a/2", "b/1"]) await run(["put", key, key]);
    assertEquals((await run(["list"])).stdout, "a/1 = a/1\na/2 = a/2\nb/1 = b/1\n");
    assertEquals((await run(["list", "a/"])).stdout, "a/1 = a/1\na/2 = a/2\n");
    assertEquals((await run(["list", "--limit", "1"])).stdout, "a/1 = a/1\n");
    assertEquals((await run(["list", "z"])).stdout, "");
    const json = (await run(["list", "--json"])).stdout.trim().split("\n");
    assertEquals(json.map((line) => JSON.parse(line).key), ["a/1", "a/2", "b/1"]);
    assertEquals((await run(["list", "--limit", "0"])).code, 2);
    assertEquals(cluster.arrivals.at(-1)?.query.get("limit"), "500");
  }));

Deno.test("what export writes, import stores", () =>
  against(async (run, cluster) => {
    await run(["put", "a", "x"]);
    await run(["put", "b", "--value-json", '{"deep": [1]}']);
    const { stdout } = await run(["export"]);
    assertEquals(stdout, '{"key":"a","value":"x"}\n{"key":"b","value":{"deep":[1]}}\n');
    cluster.store.clear();
    const imported = await run(["import", "-"], { stdin: stdout });
    assertMatch(imported.stdout, /^stored 2 pairs in \d+\.\d s\n$/);
    assertEquals((await run(["export"])).stdout, stdout);
    const one = await run(["import", "-"], { stdin: '{"key":"c","value":1}' });
    assertMatch(one.stdout, /^stored 1 pair in /);
    const fromFile = await run(["import", "f", "--json"], { files: { f: stdout } });
    assertEquals(JSON.parse(fromFile.stdout).stored, 2);
  }));

Deno.test("an import that cannot go on says where it stopped and how to go on", () =>
  against(async (run, cluster) => {
    const files = { "in.ndjson": '{"key":"a","value":1}\n\n{"key":"b"}\n{"key":"c","value":3}\n' };
    const { code, stdout, stderr } = await run(["import", "in.ndjson"], { files });
    assertEquals([code, stdout], [1, ""]);
    assertEquals(
      stderr,
      'error: Cannot store line 3: The field "value" is not there; the lines before it are stored ' +
        "(1 in all), go on with tail -n +3 in.ndjson\n",
    );
    assertEquals([...cluster.store.keys()], ["a"]);
    const missing = await run(["import", "nowhere"]);
    assertEquals(told(missing), {
      code: 1,
      stdout: "",
      stderr: 'error: Cannot open "nowhere": There is no such file\n',
    });
  }));

Deno.test("an import whose fate is unknown has the exit code for that", () =>
  against(async (run, cluster) => {
    cluster.fault = ({ method }) => method === "PUT" ? failure("internal") : null;
    const ran = await run(["import", "-"], { stdin: '{"key":"a","value":1}\n' });
    assertEquals(ran.code, 3);
  }));

Deno.test("a terminal sees the import's progress on standard error", () =>
  against(async (run) => {
    const files = { f: '{"key":"a","value":1}\n' };
    const { stderr } = await run(["import", "f"], { files, isTerminal: true });
    const [before, line, after] = stderr.split("\r\x1b[K");
    assertEquals([before, after], ["", ""]);
    assertMatch(line ?? "", /^\[#{24}\] 100% {2}1 keys, [\d,]+\/s$/);
  }));

Deno.test("status is a table in which an unreachable node has its row", () =>
  against(async (run, cluster) => {
    cluster.unreachable.add("n3");
    const [url = ""] = cluster.urls;
    const { code, stdout } = await run(["status", "--node", url]);
    assertEquals(code, 0);
    const lines = stdout.split("\n");
    assertEquals(lines[0], "cluster c1, term 3, leader n1 (as n1 sees it)");
    assertMatch(
      lines[1] ?? "",
      /^NODE +URL +ROLE +TERM +LOG +COMMIT +APPLIED +REVISION$/,
    );
    assertMatch(lines[2] ?? "", /^n1 +http:\S+ +leader +3 +40 +39 +38 +0$/);
    assertMatch(lines[4] ?? "", /^n3 +http:\S+ +unreachable$/);
    assertEquals(JSON.parse((await run(["status", "--json"])).stdout).nodes.length, 3);
  }));

Deno.test("health asks each endpoint by itself and fails if one cannot serve", () =>
  against(async (run, cluster) => {
    assertEquals((await run(["health"])).code, 0);
    cluster.unreachable.add("n2");
    cluster.fault = ({ node }) => node.id === "n3" ? new Response("?", { status: 404 }) : null;
    const { code, stdout } = await run(["health"]);
    const lines = stdout.trim().split("\n");
    assertEquals([code, lines.length], [1, 3]);
    assertMatch(lines[0] ?? "", / {2}ok {2}n1, leader$/);
    assertMatch(lines[1] ?? "", / {2}unavailable \(No leader for 5 s\) {2}n2, follower of n1$/);
    assertMatch(lines[2] ?? "", / {2}no answer: /);
  }));

Deno.test("a write whose fate is unknown has exit code 3 and says so", () =>
  against(async (run, cluster) => {
    cluster.fault = ({ method }) => method === "PUT" ? failure("internal") : null;
    const text = await run(["put", "a", "1"]);
    assertEquals(text.code, 3);
    assert(text.stderr.endsWith("(the write may have been applied)\n"), text.stderr);
    const json = JSON.parse((await run(["put", "a", "1", "--json"])).stderr);
    assertEquals([json.error.code, json.error.outcome], ["internal", "unknown"]);
  }));

Deno.test("a write that was certainly refused has exit code 1", () =>
  against(async (run, cluster) => {
    cluster.fault = ({ method }) => method === "PUT" ? failure("value_too_large") : null;
    assertEquals(told(await run(["put", "a", "1"])), {
      code: 1,
      stdout: "",
      stderr: "error: The value is larger than 1,048,576 bytes.\n",
    });
  }));

Deno.test("the time for a command is limited, whatever the nodes do", () =>
  against(async (run, cluster) => {
    cluster.fault = () => failure("no_leader");
    const ran = await run(["get", "a", "--timeout", "50ms"]);
    assertEquals(ran.code, 1);
    assertMatch(ran.stderr, /^error: Gave up after 50 ms and /);
  }));

Deno.test("flags name nodes before the environment does", () =>
  against(async (run, cluster) => {
    const [url = ""] = cluster.urls;
    const env = { RAFTKV_ENDPOINTS: "http://127.0.0.1:9" };
    assertEquals((await run(["status", "--endpoints", `${url},${url}`], { env })).code, 0);
    assertEquals((await run(["status", "--node", url], { env })).code, 0);
    assertEquals(told(await run(["status", "--node", "localhost:8001"], { env })), {
      code: 2,
      stdout: "",
      stderr: 'error: Cannot use endpoint "localhost:8001": It must be a URL such as ' +
        "http://localhost:8001 (see raftkv --help)\n",
    });
  }));

Deno.test("a reader who leaves early ends the program quietly", () =>
  against(async (run) => {
    await run(["put", "a", "x".repeat(100)]);
    assertEquals(told(await run(["list"], { stdoutBytesMax: 10 })), done(""));
  }));

Deno.test("colours are for terminals whose user has not said no", () =>
  against(async (run) => {
    const coloured = await run(["status"], { isTerminal: true });
    assert(coloured.stdout.includes("\x1b["));
    const plain = await run(["status"], { isTerminal: true, env: { NO_COLOR: "1" } });
    assertEquals(plain.stdout.includes("\x1b["), false);
    const empty = await run(["status"], { isTerminal: true, env: { NO_COLOR: "" } });
    assert(empty.stdout.includes("\x1b["), "an empty NO_COLOR says nothing");
    assertEquals((await run(["status"])).stdout.includes("\x1b["), false);
  }));
