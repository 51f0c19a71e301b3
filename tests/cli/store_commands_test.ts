/**
 * The commands that need more of a store than a map: against a node of their own.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect, type Kv } from "@raftkv/client";
import { run } from "@raftkv/cli";
import { loadNodeConfig, startNode } from "@raftkv/server";
import { FakeSurroundings, type Given, raftkv, type Ran } from "./fake_surroundings.ts";

interface Ground {
  readonly env: Readonly<Record<string, string>>;
  readonly kv: Kv;
  command(line: string, given?: Given): Promise<Ran>;
}

async function grounded(work: (ground: Ground) => Promise<void>): Promise<void> {
  const flags = { listen: "127.0.0.1:0", data: ":memory:" };
  const node = await startNode(loadNodeConfig({ flags, env: {}, file: null }));
  const env = { RAFTKV_ENDPOINTS: node.url };
  try {
    await using kv = connect({ endpoints: [node.url] });
    await work({ env, kv, command: (line, given) => raftkv(line.split(" "), { ...given, env }) });
  } finally {
    await node.close();
  }
}

Deno.test("increment counts between its bounds, and says when it cannot", () =>
  grounded(async ({ command }) => {
    assertEquals((await command("increment visits")).stdout, "visits = 1\n");
    assertEquals((await command("increment visits --by=-3 --min=-5")).stdout, "visits = -2\n");
    const refused = await command("increment visits --by 9 --max 5 --json");
    assertEquals([refused.code, JSON.parse(refused.stderr).error.code], [1, "out_of_range"]);
    assertEquals((await command("increment visits --by x")).code, 2);
  }));

Deno.test("txn carries out what a file says, and tells which branch it was", () =>
  grounded(async ({ command }) => {
    const claim = JSON.stringify({
      compare: [{ key: "owner", target: "version", value: 0 }],
      success: [{ put: { key: "owner", value: "me" } }],
      failure: [{ get: { key: "owner" } }],
    });
    const first = await command("txn claim.json", { files: { "claim.json": claim } });
    assertMatch(first.stdout, /^success at revision \d+\n\{"createRevision"/);
    const second = JSON.parse((await command("txn - --json", { stdin: claim })).stdout);
    assertEquals([second.succeeded, second.results[0].kv.value], [false, "me"]);
    assertEquals((await command("txn -", { stdin: "[1]" })).code, 1);
    assertEquals((await command("txn none.json")).code, 1);
    assertEquals((await command("txn -", { stdin: '{"then": []}' })).code, 2);
  }));

Deno.test("--at shows what was, and diff what became of it", () =>
  grounded(async ({ command, kv }) => {
    const { revision: before } = await kv.put("a", 1);
    await kv.put("b", "stays");
    await kv.put("a", 2);
    await kv.delete("b");
    const { revision: after } = await kv.put("c", 3);
    assertEquals((await command(`get a --at ${before}`)).stdout, "a = 1\n");
    assertEquals((await command(`list --at ${before + 1}`)).stdout, "a = 1\nb = stays\n");
    assertEquals(
      (await command(`diff ${before + 1} ${after}`)).stdout,
      "- a = 1\n+ a = 2\n- b = stays\n+ c = 3\n",
    );
    const lines = (await command(`diff ${before} ${after} c --json`)).stdout.trim().split("\n");
    assertEquals(lines.map((line) => JSON.parse(line).after.value), [3]);
    assertEquals((await command("get a --at 0")).code, 2);
    assertEquals((await command(`get a --at ${after + 100}`)).code, 1);
  }));

Deno.test("compact lets go of the past, which is then told to be gone", () =>
  grounded(async ({ command, kv }) => {
    const { revision } = await kv.put("a", 1);
    await kv.put("a", 2);
    const { revision: last } = await kv.put("a", 3);
    assertMatch((await command(`compact ${last}`)).stdout, /are kept/);
    const gone = await command(`get a --at ${revision} --json`);
    assertEquals([gone.code, JSON.parse(gone.stderr).error.code], [1, "compacted"]);
  }));

Deno.test("put can be conditional, and can end by itself", () =>
  grounded(async ({ command }) => {
    assertEquals((await command("put a 1 --if-revision 0")).code, 0);
    const refused = await command("put a 2 --if-revision 0 --json");
    assertEquals([refused.code, JSON.parse(refused.stderr).error.code], [1, "precondition_failed"]);
    const { lease } = JSON.parse((await command("lease grant 60 --json")).stdout);
    assertEquals((await command(`put b 1 --lease ${lease}`)).code, 0);
    assertMatch((await command(`lease show ${lease}`)).stdout, /of 60 s left\nb\n$/);
    assertMatch((await command(`lease keep-alive ${lease} --once`)).stdout, /^renewed/);
    assertEquals((await command("lease list")).stdout.trim(), lease);
    assertEquals((await command(`lease revoke ${lease}`)).code, 0);
    assertEquals((await command("get b")).code, 4);
    assertEquals((await command(`lease show ${lease}`)).code, 4);
    assertEquals((await command("put c 1 --ttl 3600")).code, 0);
  }));

Deno.test("watch tells of what happens until Ctrl-C, which is no failure", () =>
  grounded(async ({ env, kv }) => {
    const { revision } = await kv.put("jobs/1", "old");
    await kv.put("jobs/1", "new");
    await kv.delete("jobs/1");
    const args = ["watch", "jobs/", "--from", `${revision}`, "--prev"];
    const surroundings = new FakeSurroundings(args, { env });
    const { stdout } = surroundings;
    const write = stdout.write.bind(stdout);
    stdout.write = async (text) => {
      await write(text);
      if (stdout.text.split("\n").length > 3) surroundings.stop("interrupt");
    };
    assertEquals(await run(surroundings), 0);
    assertEquals(stdout.text.split("\n"), [
      `${revision} put jobs/1 = old`,
      `${revision + 1} put jobs/1 = new (was "old")`,
      `${revision + 2} delete jobs/1 (was "new")`,
      "",
    ]);
  }));

Deno.test("lock runs a program while the lock is held, and hands on its exit code", () =>
  grounded(async ({ env, kv, command }) => {
    const seen: unknown[] = [];
    const ran = await raftkv(["lock", "nightly", "--", "backup", "--all"], {
      env,
      runProgram: async (program, { env: variables }) => {
        seen.push(program);
        const { RAFTKV_TOKEN: token, RAFTKV_KEY: key = "" } = variables;
        assertEquals(`${(await kv.get(key))?.createRevision}`, token);
        assertEquals((await command("lock nightly --wait 50ms -- never")).code, 1);
        return 7;
      },
    });
    assertEquals([ran.code, seen], [7, [["backup", "--all"]]]);
    assertEquals(await kv.count({ prefix: "raftkv/locks/" }), 0, "it was let go");
  }));

Deno.test("elect lets everyone see who leads", () =>
  grounded(async ({ env, command }) => {
    assertEquals((await command("elect cron")).code, 4);
    const ran = await raftkv(["elect", "cron", "host-1", "--", "work"], {
      env,
      runProgram: async () => {
        assertMatch((await command("elect cron")).stdout, /^host-1 \(token \d+\)\n$/);
        return 0;
      },
    });
    assertEquals(ran.code, 0);
    assertEquals((await command("elect cron")).code, 4);
  }));

Deno.test("a program that cannot be started, and flags that make no sense, are said so", () =>
  grounded(async ({ command }) => {
    assertEquals((await command("lock a --ttl x -- true")).code, 2);
    assertEquals((await command("lock a --wait soon -- true")).code, 2);
    assertEquals((await command("lease grant soon")).code, 2);
    assertEquals((await command("lease frobnicate 1")).code, 2);
    assertEquals((await command("watch --from x")).code, 2);
    assertEquals((await command("diff 1 x")).code, 2);
    assert((await command("completion tcsh")).stderr.includes("bash, zsh, fish"));
  }));

Deno.test("a lease that is not there has the exit code of what is not there", () =>
  grounded(async ({ command }) => {
    for (const verb of ["show", "keep-alive", "revoke"]) {
      assertEquals((await command(`lease ${verb} 999`)).code, 4, verb);
    }
  }));

Deno.test("what would wait through an outage fails if no node is there at the start", async () => {
  const env = { RAFTKV_ENDPOINTS: "http://127.0.0.1:1" };
  for (const line of ["lock a -- true", "elect a b -- true", "watch"]) {
    const [first = "", ...rest] = line.split(" ");
    const { code, stderr } = await raftkv([first, "--timeout", "50ms", ...rest], { env });
    assertEquals(code, 1, line);
    assertMatch(stderr, /^error: Gave up after 50 ms/, line);
  }
});

Deno.test("watch refuses what contradicts itself, rather than leave half of it out", () =>
  grounded(async ({ command }) => {
    assertEquals((await command("watch jobs/ --key job")).code, 2);
    assertEquals((await command("watch jobs/ --from 1 --initial")).code, 2);
  }));

Deno.test("a lease is kept alive until Ctrl-C, which is heard at once, also before its first answer", () =>
  grounded(async ({ env, command }) => {
    const id = (await command("lease grant 30")).stdout.trim();
    const kept = new FakeSurroundings(["lease", "keep-alive", id], { env });
    const write = kept.stdout.write.bind(kept.stdout);
    kept.stdout.write = async (text) => {
      await write(text);
      // Before the command begins to wait.
      kept.stop("interrupt");
    };
    assertEquals(await run(kept), 0);
    const nobody = { RAFTKV_ENDPOINTS: "http://127.0.0.1:1" };
    const early = new FakeSurroundings(["lease", "keep-alive", id, "--timeout", "60s"], {
      env: nobody,
    });
    const running = run(early);
    setTimeout(() => early.stop("interrupt"), 0);
    assertEquals(await running, 1);
  }));
