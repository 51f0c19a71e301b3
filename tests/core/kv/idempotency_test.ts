import { assert, assertEquals } from "@std/assert";
import { LIMITS } from "@raftkv/core";
import {
  type Command,
  type CommandResult,
  type CommitCommand,
  KvStateMachine,
  type Operation,
  type OperationResult,
} from "@raftkv/core/kv";
import { keyOf, Log, put, restored, snapshotBytes } from "./apply.ts";

const DAY_MS = 86_400_000;
const REUSED: CommandResult = { kind: "refused", reason: "idempotency_key_reused" };

/** Each rule must hold on a node that was restored from a snapshot just as on one that was not. */
const WAYS: readonly {
  readonly name: string;
  readonly via: (machine: KvStateMachine) => KvStateMachine;
}[] = [
  { name: "in one life", via: (machine) => machine },
  { name: "across a snapshot", via: (machine) => restored(snapshotBytes(machine)) },
];

function increment(idempotencyKey: string, delta = 1n): CommitCommand {
  const operations: Operation[] = [{ kind: "increment", key: keyOf("n"), delta }];
  return { kind: "commit", once: { idempotencyKey }, operations };
}

function valueIn(result: CommandResult): bigint {
  assert(result.kind === "committed", result.kind);
  const [first]: readonly OperationResult[] = result.results;
  assert(first?.kind === "increment");
  return first.value;
}

function isReplay(result: CommandResult): boolean {
  return "replayed" in result && result.replayed;
}

for (const { name, via } of WAYS) {
  Deno.test(`a command of any kind sent twice under a key has one effect, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    log.commit(machine, put("a", "1"), put("b", "2"));
    const commands: Command[] = [
      increment("commit"),
      { kind: "lease_grant", once: { idempotencyKey: "grant" }, lease: 0, ttlMs: 60_000 },
      { kind: "lease_keep_alive", once: { idempotencyKey: "keep" }, lease: 1 },
      { kind: "lease_revoke", once: { idempotencyKey: "revoke" }, lease: 1 },
      { kind: "compact", once: { idempotencyKey: "compact" }, revision: 2 },
    ];
    const first = commands.map((command) => log.apply(machine, command));
    assertEquals(first.filter(({ kind }) => kind === "refused"), []);
    machine = via(machine);
    const before = machine.revision;
    const again = commands.map((command) => log.apply(machine, command));
    assertEquals<unknown>(again, first.map((answer) => ({ ...answer, replayed: true })));
    assertEquals([machine.revision, machine.leaseIds(0, 9)], [before, []]);
  });

  Deno.test(`a key stands for one request, and another under it changes nothing, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    log.apply(machine, increment("key"));
    machine = via(machine);
    assertEquals(log.apply(machine, increment("key", 2n)), REUSED);
    const grant: Command = { kind: "lease_grant", lease: 0, ttlMs: 60_000 };
    assertEquals(log.apply(machine, { ...grant, once: { idempotencyKey: "key" } }), REUSED);
    assertEquals([machine.revision, machine.leaseIds(0, 9)], [2, []]);
    assertEquals(valueIn(log.apply(machine, increment("key"))), 1n);
  });

  Deno.test(`a number of a session stands for one request, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const once = { session: log.open(machine), sequence: 1 };
    log.apply(machine, { ...increment(""), once });
    machine = via(machine);
    assertEquals(log.apply(machine, { ...increment("", 2n), once }), REUSED);
    assertEquals(valueIn(log.apply(machine, { ...increment(""), once })), 1n);
  });

  Deno.test(`what was refused stays refused under its key, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const operations: Operation[] = [{ kind: "increment", key: keyOf("n"), delta: -1n, min: 0n }];
    const command: Command = { kind: "commit", once: { idempotencyKey: "key" }, operations };
    const refusal = { kind: "refused", reason: "out_of_range" } as const;
    assertEquals(log.apply(machine, command), refusal);
    log.apply(machine, increment("up"));
    machine = via(machine);
    assertEquals(log.apply(machine, command), { ...refusal, replayed: true });
    const other: Command = { ...command, once: { idempotencyKey: "another" } };
    assertEquals(valueIn(log.apply(machine, other)), 0n);
  });

  Deno.test(`a key is remembered for a day of replicated time from its first answer, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    log.apply(machine, increment("key"));
    log.timeMs += DAY_MS;
    machine = via(machine);
    assertEquals(isReplay(log.apply(machine, increment("key"))), true);
    log.timeMs += 1;
    machine = via(machine);
    // Forgotten looks like new: this is where the promise ends.
    assertEquals(valueIn(log.apply(machine, increment("key"))), 2n);
    assertEquals(isReplay(log.apply(machine, increment("key"))), true);
  });

  Deno.test(`the last 65,536 keys are remembered, the oldest goes first, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const max = LIMITS.idempotencyKeysMax;
    for (let i = 0; i < max; i++) log.apply(machine, increment(`key-${i}`));
    // A repetition does not make a key younger.
    assertEquals(isReplay(log.apply(machine, increment("key-0"))), true);
    log.apply(machine, increment("one-more"));
    machine = via(machine);
    assertEquals(isReplay(log.apply(machine, increment("key-1"))), true);
    assertEquals(valueIn(log.apply(machine, increment("key-0"))), BigInt(max) + 2n);
    assertEquals(isReplay(log.apply(machine, increment("key-2"))), true);
    assertEquals(isReplay(log.apply(machine, increment("key-1"))), false);
  });
}

Deno.test("large answers push the oldest keys out, never the one in use", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  log.commit(machine, put("a", "v".repeat(1_000_000)));
  const operations: Operation[] = [{ kind: "get", key: keyOf("a") }];
  const get = (i: number): Command => {
    return { kind: "commit", once: { idempotencyKey: `key-${i}` }, operations };
  };
  const kept = Math.floor(LIMITS.idempotencyBytesMax / 1_000_010);
  for (let i = 0; i <= kept; i++) assertEquals(isReplay(log.apply(machine, get(i))), false);
  assertEquals(isReplay(log.apply(machine, get(kept))), true);
  assertEquals(isReplay(log.apply(machine, get(1))), true);
  assertEquals(isReplay(log.apply(machine, get(0))), false);
});

Deno.test("keys that are too old are let go a few at a time", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const send = (idempotencyKey: string) =>
    log.apply(machine, { kind: "commit", once: { idempotencyKey }, operations: [] });
  for (let i = 0; i < 1_000; i++) send(`key-${i}`);
  const full = snapshotBytes(machine).length;
  log.timeMs += DAY_MS + 1;
  for (let i = 0; i < 2; i++) send(`new-${i}`);
  const half = snapshotBytes(machine).length;
  for (let i = 2; i < 5; i++) send(`new-${i}`);
  const few = snapshotBytes(machine).length;
  assertEquals([half > full / 4, half < full * 0.75, few < full / 4], [true, true, true]);
});
