/**
 * `deno task cluster`, as a newcomer starts, stops and mistreats it.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Ports } from "./ports.ts";
import { Program } from "./program.ts";
import { MAIN } from "./served_node.ts";
import { task } from "./raftkv.ts";
import { signalTo } from "./signal.ts";
import { until } from "./until.ts";

/** How a test's cluster differs from the others. */
interface Setting {
  /** Which three ports. */
  readonly set?: number;
  readonly data?: string;
  /** Whether it runs below `deno task`, whose process is then the one to be seen. */
  readonly isTask?: boolean;
}

/** Ports and a directory for one test, and no process of it left when it is over. */
class Place implements AsyncDisposable {
  readonly directory: string = Deno.makeTempDirSync({ prefix: "raftkv_" });
  readonly #reserved = new Ports();
  readonly #started: Program[] = [];

  /** Three ports; another three with `set` 1. */
  ports(set = 0): readonly number[] {
    return this.#reserved.numbers.slice(3 * set, 3 * set + 3);
  }

  /** Starts a cluster in a process group of its own, as a shell does. */
  start({ set = 0, data = this.directory, isTask = true }: Setting = {}): Program {
    const args = ["cluster", "--ports", this.ports(set).join(","), "--data", data];
    const program = isTask
      ? task(args, { isGroupLeader: true })
      : new Program(Deno.execPath(), ["run", "-A", MAIN, ...args], { isGroupLeader: true });
    this.#started.push(program);
    return program;
  }

  /** Starts a cluster and waits until it says that it is up. */
  async up(setting: Setting = {}): Promise<Program> {
    const program = this.start(setting);
    await shown(program, /Ctrl-C stops/);
    return program;
  }

  /** Waits until no node listens any more; one that did would outlive its cluster. */
  async empty(): Promise<void> {
    await until("every node's port to be free", () => this.#reserved.numbers.every(isFree));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#started) {
      if (program.hasEnded) continue;
      await signalTo(-program.pid, "SIGKILL");
      await program.ended;
    }
    await this.empty();
    this.#reserved[Symbol.dispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

/** Waits for text on standard output. */
function shown(program: Program, pattern: RegExp): Promise<RegExpExecArray> {
  return until(`${pattern} to be shown`, () => {
    assert(!program.hasEnded || pattern.test(program.stdout), program.stderr);
    return pattern.exec(program.stdout);
  });
}

async function put(port: number, value: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/kv/name`, {
    method: "PUT",
    body: JSON.stringify({ value }),
  });
  await response.body?.cancel();
  assertEquals(response.status, 200);
}

async function get(port: number): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/kv/name`);
  return (await response.json()).value;
}

/** It ended as it should if it could not start: one line, no leftovers. */
async function assertRefused(program: Program, message: RegExp): Promise<void> {
  const end = await program.ended;
  assertEquals(end, { code: 1, signal: null }, program.stdout);
  assertMatch(program.stderr, message);
  assertEquals(program.stderr.trimEnd().split("\n").length, 1, program.stderr);
}

Deno.test("it says who leads, where and what to try; Ctrl-C stops it, a second start carries on", async () => {
  await using place = new Place();
  const [first = 0, second = 0, third = 0] = place.ports();
  const program = await place.up();
  const [, leader] = await shown(program, /The cluster is up: (n[123]) leads in term \d+\n/);
  for (const [index, port] of place.ports().entries()) {
    const id = `n${index + 1}`;
    const mark = id === leader ? "  leader" : "";
    assert(program.stdout.includes(`\n  ${id}  http://127.0.0.1:${port}${mark}\n`));
  }
  assertMatch(program.stdout, new RegExp(`\n  curl -X PUT http://localhost:${first}/kv/name -d `));
  for (const line of program.stdout.split("\n")) assert(line.length <= 80, line);
  await put(first, "RaftKV");
  assertEquals(await get(second), "RaftKV");

  await signalTo(-program.pid, "SIGINT");
  assertEquals([await program.ended, program.stderr], [{ code: 0, signal: null }, ""]);
  await place.empty();
  for (const id of ["n1", "n2", "n3"]) {
    assertMatch(program.stdout, new RegExp(`\n${id} \\| stopped\n`));
  }

  const again = await place.up();
  assertEquals(await get(third), "RaftKV");
  again.signal("SIGTERM");
  assertEquals([await again.ended, again.stderr], [{ code: 0, signal: null }, ""]);
});

Deno.test("a node that is killed is started again, and the cluster says so", async () => {
  await using place = new Place();
  const [port = 0] = place.ports();
  const program = await place.up();
  await put(port, "before");
  const [, id, pid] = await shown(program, /(n1) \| started on \S+ as process (\d+),/);
  await signalTo(Number(pid), "SIGKILL");
  await shown(program, /n1 \| died: its process got SIGKILL; restarting in 0\.5 s\n/);
  const [, pidAgain] = await shown(
    program,
    /n1 \| restarting\nn1 \| started on \S+ as process (\d+)/,
  );
  assertNotEquals(pidAgain, pid, id);
  assertEquals(await get(port), "before");
});

Deno.test("nodes do not outlive a cluster that is killed", async () => {
  await using place = new Place();
  const program = await place.up({ isTask: false });
  await program.kill();
  await place.empty();
});

Deno.test("a port that is taken is one clear line", async () => {
  await using place = new Place();
  const [, port = 0] = place.ports();
  using _taken = Deno.listen({ hostname: "127.0.0.1", port });
  await assertRefused(place.start(), new RegExp(`Cannot start n2: .*${port}`));
});

Deno.test("a directory that cannot be made is one clear line", async () => {
  await using place = new Place();
  const file = `${place.directory}/file`;
  await Deno.writeTextFile(file, "");
  await assertRefused(place.start({ data: `${file}/data` }), /Cannot start n[123]: .*file\/data/);
});

Deno.test("a directory in use by another process is one clear line, and that one goes on", async () => {
  await using place = new Place();
  const [port = 0] = place.ports();
  await place.up();
  await assertRefused(place.start({ set: 1 }), /Cannot start n[123]: .*/);
  await put(port, "still served");
});
