import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Entry, LogIndex, Term } from "@raftkv/core/raft";
import { DecodeError } from "@raftkv/core/codec";
import { Cluster } from "@raftkv/sim";
import { CommandRefused, defineStateMachine, RaftKV } from "@raftkv/embed";
import { Ports } from "../process/ports.ts";

interface Accounts {
  readonly balances: Readonly<Record<string, number>>;
}

type Transfer = { readonly from: string; readonly to: string; readonly amount: number };

/** Accounts that begin with 100 and can never be overdrawn. */
const bank = defineStateMachine({
  initial: (): Accounts => ({ balances: { a: 100, b: 100 } }),
  apply: ({ balances }, { from, to, amount }: Transfer) => {
    const left = (balances[from] ?? 0) - amount;
    if (left < 0) throw new RangeError(`${from} has too little`);
    const state = { balances: { ...balances, [from]: left, [to]: (balances[to] ?? 0) + amount } };
    return { state, result: left };
  },
  query: ({ balances }, name: string) => balances[name] ?? null,
});

function entry(index: number, command: Transfer | Uint8Array): Entry {
  const payload = command instanceof Uint8Array ? command : bank.encode(command);
  const at = { index: index as LogIndex, term: 1 as Term };
  return { ...at, kind: "command", timeMs: 1, payload };
}

Deno.test("a command changes the state and has a result; one that throws changes nothing", () => {
  const machine = bank.create();
  assertEquals(machine.apply(entry(1, { from: "a", to: "b", amount: 30 })), {
    kind: "applied",
    result: 70,
  });
  const refused = machine.apply(entry(2, { from: "a", to: "b", amount: 300 }));
  assertEquals(refused, { kind: "refused", message: "a has too little" });
  assertEquals(machine.apply(entry(3, new Uint8Array([0xff]))).kind, "refused");
  assertEquals([machine.query("a"), machine.query("b"), machine.query("c")], [70, 130, null]);
});

Deno.test("a result that JSON cannot express refuses the command, and ends no node", () => {
  const machine = defineStateMachine({
    initial: () => 0,
    apply: (count, by: number) => ({ state: count + by, result: BigInt(count) }),
    query: (count) => count,
  }).create();
  const payload = new TextEncoder().encode("1");
  const result = machine.apply({ ...entry(1, payload) });
  assertEquals([result.kind, machine.state], ["refused", 0]);
});

Deno.test("a snapshot is of its moment, and is all that a new node needs", () => {
  const machine = bank.create();
  machine.apply(entry(1, { from: "a", to: "b", amount: 30 }));
  const { state, revision, stateHash } = machine;
  const snapshot = machine.snapshot();
  machine.apply(entry(2, { from: "a", to: "b", amount: 1 }));
  const slices = [...snapshot];
  const other = bank.create();
  const restorer = other.restorer();
  for (const slice of slices) restorer.push(slice);
  restorer.finish();
  assertEquals([other.state, other.revision, other.stateHash], [state, revision, stateHash]);
  const damaged = bank.create().restorer();
  damaged.push(slices[0]!);
  assertThrows(() => damaged.finish(), DecodeError);
});

Deno.test("in the simulator, through crashes and cuts, no money is made or lost", () => {
  const cluster = new Cluster({ seed: 7, size: 3, createMachine: () => bank.create() });
  for (let round = 0; round < 60; round++) {
    const node = cluster.nodes[Math.floor(cluster.random() * 3)]!;
    if (cluster.random() < 0.1) {
      if (node.isUp) cluster.crash(node.id);
      else cluster.start(node.id);
    }
    const [from, to] = cluster.random() < 0.5 ? ["a", "b"] : ["b", "a"];
    const amount = Math.floor(cluster.random() * 50);
    if (node.isUp) cluster.propose(node.id, bank.encode({ from: from!, to: to!, amount }));
    cluster.runFor(200);
  }
  for (const node of cluster.nodes) if (!node.isUp) cluster.start(node.id);
  cluster.runFor(10_000);
  const states = cluster.nodes.map(({ machine }) =>
    (machine as ReturnType<typeof bank.create>).state
  );
  assertEquals(states, [states[0]!, states[0]!, states[0]!]);
  const { a = 0, b = 0 } = states[0]!.balances;
  assertEquals(a + b, 200);
});

Deno.test("a machine of one's own is durable, and answers in the terms of its functions", async () => {
  const directory = await Deno.makeTempDir();
  {
    await using group = await RaftKV.openMachine(bank, { directory });
    assertEquals(await group.propose({ from: "a", to: "b", amount: 30 }), 70);
    await assertRejects(
      () => group.propose({ from: "a", to: "b", amount: 300 }),
      CommandRefused,
      "a has too little",
    );
  }
  {
    await using group = await RaftKV.openMachine(bank, { directory });
    assertEquals(await group.query("b"), 130);
    assertEquals(await group.query("b", { consistency: "stale" }), 130);
    const request = (path: string) => group.node.fetch(new Request(`http://node.test${path}`));
    assertEquals((await request("/health")).status, 200);
    assertEquals((await request("/v1/kv/a")).status, 404);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("three nodes keep a machine together, whoever is asked and whoever leads", async () => {
  const directory = await Deno.makeTempDir();
  using ports = new Ports();
  const addresses = ports.numbers.slice(0, 3).map((port) => `127.0.0.1:${port}`);
  const members = Object.fromEntries(addresses.map((each, at) => [`n${at + 1}`, `http://${each}`]));
  const groups = await Promise.all(addresses.map((listen, at) =>
    RaftKV.openMachine(bank, {
      id: `n${at + 1}`,
      directory: `${directory}/n${at + 1}`,
      ...{ listen, members },
      timeoutMs: 30_000,
    })
  ));
  const [first, second, third] = groups as [typeof groups[0], typeof groups[0], typeof groups[0]];
  assertEquals(await first.propose({ from: "a", to: "b", amount: 10 }), 90);
  assertEquals(await second.propose({ from: "a", to: "b", amount: 10 }), 80);
  assertEquals(await third.query("a"), 80);
  await first.close();
  assertEquals(await second.propose({ from: "a", to: "b", amount: 10 }), 70);
  await second.close();
  // Nobody can lead any more.
  const enough = new DOMException("Enough", "AbortError");
  for (
    const call of [
      (signal: AbortSignal) => third.propose({ from: "a", to: "b", amount: 10 }, { signal }),
      (signal: AbortSignal) => third.query("a", { signal }),
    ]
  ) {
    const giveUp = new AbortController();
    const waiting = call(giveUp.signal);
    giveUp.abort(enough);
    assertEquals(await waiting.catch((reason) => reason), enough);
    assertEquals(await call(giveUp.signal).catch((reason) => reason), enough);
  }
  await third.close();
  await Deno.remove(directory, { recursive: true });
});
