/**
 * Each example does what its first lines say, against a node of its own.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type EmbeddedKv, RaftKV } from "@raftkv/embed";
import { isInstalled } from "../process/installed.ts";
import { Ports } from "../process/ports.ts";
import { Program } from "../process/program.ts";
import { until } from "../process/until.ts";
import { BrowserPage } from "./browser_page.ts";

const ROOT = new URL("../../", import.meta.url);

interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function startAt(url: string, name: string, { args = [], env = {} }: StartOptions): Program {
  const flags = ["run", "--no-prompt", "--quiet", "--allow-net", "--allow-env"];
  return new Program(Deno.execPath(), [...flags, `examples/${name}.ts`, ...args], {
    cwd: ROOT.pathname,
    env: { RAFTKV_ENDPOINTS: url, ...env },
  });
}

class Stage implements AsyncDisposable {
  readonly kv: EmbeddedKv;
  readonly #programs: Program[] = [];

  private constructor(kv: EmbeddedKv) {
    this.kv = kv;
  }

  static async open(): Promise<Stage> {
    return new Stage(await RaftKV.open({ listen: "127.0.0.1:0" }));
  }

  /** Starts an example. */
  start(name: string, options: StartOptions = {}): Program {
    const program = startAt(this.kv.node.url, name, options);
    this.#programs.push(program);
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program.kill();
    await this.kv.close();
  }
}

function said(program: Program, text: string): Promise<true> {
  return until(`${text} to be said`, () => {
    if (program.hasEnded && !program.stdout.includes(text)) throw new Error(program.stderr);
    return program.stdout.includes(text) || null;
  });
}

Deno.test("live configuration is in force as soon as it is written", async () => {
  await using stage = await Stage.open();
  await stage.kv.put("config/greeting", "Good morning");
  const program = stage.start("live_config");
  await said(program, '{"greeting":"Good morning"}');
  await stage.kv.put("config/limit", 5);
  await said(program, '{"greeting":"Good morning","limit":5}');
  await stage.kv.delete("config/limit");
  await until("the deletion to show", () => program.stdout.trimEnd().split("\n").length === 3);
});

Deno.test("a cron job runs on one host, and on the next when that one is gone", async () => {
  await using stage = await Stage.open();
  const first = stage.start("elected_cron", { env: { HOST_NAME: "one", EVERY_MS: "50" } });
  await said(first, "one ran");
  const second = stage.start("elected_cron", { env: { HOST_NAME: "two", EVERY_MS: "50" } });
  await until(
    "the second to wait",
    async () => await stage.kv.count({ prefix: "raftkv/elections/" }) === 2,
  );
  assertEquals(second.stdout, "");
  // Its lease would end by itself; the test does not wait for that.
  const [lease] = await Array.fromAsync(stage.kv.leases());
  await first.kill();
  await (await stage.kv.adoptLease(lease!)).revoke();
  await said(second, "two ran");
  assertMatch(second.stdout, /^two leads with token \d+\n/);
});

Deno.test("a cron job outlives an outage that is longer than its leadership", async () => {
  using ports = new Ports();
  const directory = await Deno.makeTempDir();
  const listen = `127.0.0.1:${ports.numbers[0]}`;
  let kv = await RaftKV.open({ listen, directory });
  const env = { EVERY_MS: "50", TTL_SECONDS: "1" };
  await using one = startAt(kv.node.url, "elected_cron", { env: { ...env, HOST_NAME: "one" } });
  await said(one, "one ran");
  await using two = startAt(kv.node.url, "elected_cron", { env: { ...env, HOST_NAME: "two" } });
  await until(
    "the second to wait",
    async () => await kv.count({ prefix: "raftkv/elections/" }) === 2,
  );
  await kv.close();
  await said(one, "one leads no more");
  kv = await RaftKV.open({ listen, directory });
  const leads = (program: Program): boolean => {
    assert(!program.hasEnded, program.stderr);
    if (program === two) return two.stdout.includes("two ran");
    return one.stdout.lastIndexOf("one ran") > one.stdout.indexOf("one leads no more");
  };
  // The claim that waited has the earlier place, unless the machine was too busy to keep it.
  const leader = await until("either to lead", () => [two, one].find(leads) ?? null);
  await leader.kill();
  await until("the other to lead", () => leads(leader === one ? two : one));
  await kv.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a lock is held around the work, and let go behind it", async () => {
  await using stage = await Stage.open();
  const program = stage.start("distributed_lock");
  assertEquals((await program.ended).code, 0, program.stderr);
  assertMatch(program.stdout, /^held with token \d+\n(?:sent invoice \d\n){3}done\n$/);
  assertEquals(await stage.kv.count({ prefix: "raftkv/locks/" }), 0);
});

Deno.test("a service is listed for as long as it lives", async () => {
  await using stage = await Stage.open();
  const follower = stage.start("service_registry", { args: ["follow", "api"] });
  await said(follower, "none");
  const service = stage.start("service_registry", { args: ["register", "api", "http://a.test"] });
  await said(follower, "http://a.test");
  await service.kill();
  await until("the entry to end", () => follower.stdout.trimEnd().endsWith("none") || null);
});

Deno.test("a limit is counted by all together", async () => {
  await using stage = await Stage.open();
  const first = stage.start("rate_limiter", { args: ["alice", "2"] });
  await first.ended;
  const second = stage.start("rate_limiter", { args: ["alice", "2"] });
  await second.ended;
  const words = (first.stdout + second.stdout).match(/allowed|refused/g);
  assertEquals(words, ["allowed", "allowed", "allowed", "refused"], second.stderr);
});

Deno.test("a page of feature flags is told of changes, and goes on by the id of the last one", async () => {
  await using stage = await Stage.open();
  const { revision } = await stage.kv.put("flags/dark-mode", "on");
  const program = stage.start("feature_flags", { env: { PORT: "0" } });
  await said(program, "http://localhost:");
  const url = program.stdout.trim().replace("localhost", "127.0.0.1");
  assertMatch(await (await fetch(url)).text(), /EventSource/);
  const { items } = await (await fetch(`${url}/flags`)).json();
  assertEquals(items[0].value, "on");
  const headers = { "last-event-id": `${revision - 1}` };
  const response = await fetch(`${url}/events`, { headers });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("dark-mode")) text += (await reader.read()).value ?? "";
  assert(text.includes(`id: ${revision}\n`));
  await reader.cancel();
});

const noChromium = await isInstalled("chromium") ? "" : " (skipped: chromium is not installed)";

Deno.test({
  name: `a page of feature flags shows in a browser what is written, without a reload${noChromium}`,
  ignore: noChromium !== "",
  async fn() {
    await using stage = await Stage.open();
    await stage.kv.put("flags/dark-mode", "on");
    const program = stage.start("feature_flags", { env: { PORT: "0" } });
    await said(program, "http://localhost:");
    const url = program.stdout.trim().replace("localhost", "127.0.0.1");
    await using page = await BrowserPage.open(url);
    const shown = (text: string) =>
      until(`${text} to be shown`, async () => await page.textOf("#flags") === text);
    await shown("dark-mode: on");
    await stage.kv.put("flags/beta", true);
    await shown("dark-mode: on\nbeta: true");
    await stage.kv.delete("flags/dark-mode");
    await shown("beta: true");
  },
});
