import { assertEquals, assertRejects } from "@std/assert";
import { planCluster } from "../../cli/cluster/plan.ts";
import { type ClusterEvent, ClusterFailed, Supervisor } from "../../cli/cluster/supervisor.ts";
import { VirtualTime } from "../client/virtual_time.ts";
import { type FakeProcess, FakeSpawner } from "./fake_process.ts";

const CRASH = { code: 139, signal: "SIGSEGV" };
const STARTED = { event: "started", url: "http://127.0.0.1:8001", recovered: 0, pid: 1 } as const;

interface Scene {
  readonly supervisor: Supervisor;
  readonly spawner: FakeSpawner;
  readonly time: VirtualTime;
  readonly events: ClusterEvent[];
}

function scene(): Scene {
  const time = new VirtualTime();
  const spawner = new FakeSpawner();
  const events: ClusterEvent[] = [];
  const supervisor = new Supervisor({
    nodes: planCluster({}).nodes,
    spawn: spawner.spawn,
    after: (delayMs, callback) => time.after(delayMs, callback),
    onEvent: (event) => void events.push(event),
  });
  supervisor.start();
  return { supervisor, spawner, time, events };
}

/** Waits in virtual time until the last spawned process is another one. */
async function restarted({ spawner, time }: Scene): Promise<FakeProcess> {
  const next = new Promise<FakeProcess>((resolve) => spawner.onSpawn = resolve);
  return await time.run(next);
}

Deno.test("every node gets a process with its own arguments", async () => {
  const { supervisor, spawner } = scene();
  assertEquals(spawner.spawned.map(({ args }) => args[args.indexOf("--id") + 1]), [
    "n1",
    "n2",
    "n3",
  ]);
  assertEquals(await supervisor.stop(), true);
  assertEquals(spawner.running, 0);
});

Deno.test("the cluster has served once each of its nodes has", async () => {
  const { supervisor, spawner, time } = scene();
  let hasServed = false;
  supervisor.served.then(() => hasServed = true);
  for (const process of spawner.spawned) {
    assertEquals(hasServed, false);
    process.report(STARTED);
    await time.settle();
  }
  assertEquals(hasServed, true);
  await supervisor.stop();
});

Deno.test("a node that served and dies is started again, each time a little later", async () => {
  const all = scene();
  const { supervisor, spawner, time, events } = all;
  spawner.spawned[0]?.report(STARTED);
  await time.settle();
  const waits: number[] = [];
  let last = spawner.spawned[0];
  for (let death = 0; death < 7; death += 1) {
    const diedMs = time.nowMs();
    last?.end(CRASH);
    last = await restarted(all);
    waits.push(time.nowMs() - diedMs);
  }
  assertEquals(waits, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  const died = events.find((event) => event.kind === "died");
  assertEquals(died, {
    kind: "died",
    node: "n1",
    reason: "its process got SIGSEGV",
    restartMs: 500,
  });
  await supervisor.stop();
  assertEquals([spawner.running, time.pending], [0, 0]);
});

Deno.test("a node that served for long is started again quickly", async () => {
  const all = scene();
  const { supervisor, spawner, time } = all;
  spawner.spawned[0]?.report(STARTED);
  await time.settle();
  spawner.spawned[0]?.end(CRASH);
  const second = await restarted(all);
  second.report(STARTED);
  await time.settle();
  await time.run(new Promise<void>((resolve) => void time.after(30_001, resolve)));
  const diedMs = time.nowMs();
  second.end(CRASH);
  await restarted(all);
  assertEquals(time.nowMs() - diedMs, 500);
  await supervisor.stop();
});

Deno.test("a node that cannot start ends the cluster, in its own words", async () => {
  const { supervisor, spawner } = scene();
  spawner.spawned[1]?.report({ event: "failed", message: "Cannot listen on 127.0.0.1:8002" });
  spawner.spawned[1]?.end({ code: 1, signal: null });
  await assertRejects(
    () => supervisor.failed,
    ClusterFailed,
    "Cannot start n2: Cannot listen on 127.0.0.1:8002",
  );
  await supervisor.stop();
  assertEquals([spawner.running, spawner.spawned.length], [0, 3]);
});

Deno.test("a node that dies of its configuration later is not started again", async () => {
  const { supervisor, spawner, time } = scene();
  spawner.spawned[0]?.report(STARTED);
  await time.settle();
  spawner.spawned[0]?.end({ code: 2, signal: null });
  await assertRejects(() => supervisor.failed, ClusterFailed, "ended with code 2");
  await supervisor.stop();
});

Deno.test("a node whose data are damaged or wrong stays down, and the others go on", async () => {
  for (const code of [5, 6]) {
    const { supervisor, spawner, time, events } = scene();
    spawner.spawned[0]?.report(STARTED);
    await time.settle();
    spawner.spawned[0]?.report({ event: "failed", message: "Its state differs" });
    spawner.spawned[0]?.end({ code, signal: null });
    await time.settle();
    const last = events.at(-1);
    assertEquals(last, { kind: "left_down", node: "n1", reason: "Its state differs" });
    assertEquals([spawner.spawned.length, spawner.running, time.pending], [3, 2, 0]);
    await supervisor.stop();
  }
});

Deno.test("stopping during the wait for a restart starts nothing any more", async () => {
  const { supervisor, spawner, time } = scene();
  spawner.spawned[0]?.report(STARTED);
  await time.settle();
  spawner.spawned[0]?.end(CRASH);
  await time.settle();
  await supervisor.stop();
  assertEquals([spawner.spawned.length, spawner.running, time.pending], [3, 0, 0]);
});

Deno.test("a node that does not stop within ten seconds is killed", async () => {
  const { supervisor, spawner, time, events } = scene();
  const [, stubborn] = spawner.spawned;
  if (stubborn !== undefined) stubborn.isObedient = false;
  assertEquals(await time.run(supervisor.stop()), false);
  assertEquals([time.nowMs(), spawner.running, time.pending], [10_000, 0, 0]);
  assertEquals(events, [{ kind: "killed", node: "n2" }]);
});

Deno.test("lines that are no reports are passed on, wherever they were written", async () => {
  const { supervisor, spawner, time, events } = scene();
  spawner.spawned[0]?.complain("Fatal JavaScript out of memory");
  await time.settle();
  assertEquals(events, [{
    kind: "stray_line",
    node: "n1",
    line: "Fatal JavaScript out of memory",
  }]);
  await supervisor.stop();
});
