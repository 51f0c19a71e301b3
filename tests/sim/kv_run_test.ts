/**
 * Whole runs of the key-value store: all that its clients saw has one explanation, and a store that
 * breaks a promise is found out, by name.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type Command,
  decodeCommand,
  encodeCommand,
  type Key,
  KvStateMachine,
} from "@raftkv/core/kv";
import type { Entry } from "@raftkv/core/raft";
import { FAULT_CLASSES, KV, runSeed } from "@raftkv/sim";

/** One run in two hundred: a wall clock must jump by most of an hour. Large batches demand it. */
const RARE = "a session was forgotten";

Deno.test("what clients of the store see in bad weather has one explanation", async () => {
  const missing = new Set(KV.marks.filter((mark) => mark !== RARE));
  for (let seed = 1; seed <= 25 || (missing.size > 0 && seed <= 100); seed++) {
    const report = await runSeed(seed, { workload: KV, stormMsMax: 120_000 });
    const broken = report.violation === null ? null : { ...report };
    assertEquals(broken, null, `seed ${seed}`);
    for (const mark of report.marks.keys()) missing.delete(mark);
  }
  assertEquals([...missing], [], "what was never seen");
});

/** Runs seeds in calm weather until one of them finds that this rule is broken. */
async function findsOut(rule: string, createMachine: () => KvStateMachine): Promise<void> {
  const without = FAULT_CLASSES.map(({ name }) => name);
  const workload = { ...KV, createMachine };
  const found = new Set<string>();
  for (let seed = 1; seed <= 20 && !found.has(rule); seed++) {
    const { violation } = await runSeed(seed, { workload, without, stormMsMax: 20_000 });
    if (violation === null) continue;
    found.add(violation.invariant);
    if (violation.invariant === rule) assertStringIncludes(violation.page ?? "", "</html>");
  }
  assert(found.has(rule), `found ${[...found].join("; ") || "nothing"}`);
}

/** The store with another payload in the place of an entry's. */
class Misreading extends KvStateMachine {
  readonly #misread: (command: Command) => Command;

  constructor(misread: (command: Command) => Command) {
    super();
    this.#misread = misread;
  }

  override apply(entry: Entry) {
    const command = this.#misread(decodeCommand(entry.payload));
    return super.apply({ ...entry, payload: encodeCommand(command) });
  }
}

Deno.test("a store that counts a repeated request twice is found out (I22)", async () => {
  // Asked for again under its name, it acts again: the name is not looked at.
  const nameless = ({ once: _, ...command }: Command & { once?: unknown }) => command as Command;
  const createMachine = () => new Misreading(nameless);
  const workload = { ...KV, createMachine };
  const found = new Set<string>();
  for (let seed = 1; seed <= 12 && !found.has("I22 exactly once"); seed++) {
    const { violation } = await runSeed(seed, { workload, stormMsMax: 30_000 });
    if (violation !== null) found.add(violation.invariant);
  }
  assertEquals([...found], ["I22 exactly once"]);
});

Deno.test("a store that carries out half of a transaction is found out (I30)", async () => {
  const half = (command: Command): Command =>
    command.kind === "commit" && command.operations.length > 1
      ? { ...command, operations: command.operations.slice(1) }
      : command;
  await findsOut("I30 transactions are atomic", () => new Misreading(half));
});

Deno.test("a store whose leases never end is found out (I28)", async () => {
  class Undying extends KvStateMachine {
    override apply(entry: Entry) {
      return super.apply({ ...entry, timeMs: 1 });
    }

    override maintenance() {
      return null;
    }
  }
  await findsOut("I28 leases live as long as promised", () => new Undying());
});

Deno.test("a store that tells a watch of all but one event of a revision is found out (I27)", async () => {
  class Forgetful extends KvStateMachine {
    override eventsAt(revision: number, isWanted: (key: Key) => boolean) {
      return super.eventsAt(revision, isWanted).take(1);
    }
  }
  await findsOut("I27 watches tell everything once, in order", () => new Forgetful());
});

Deno.test("a store that reads what stood there one revision ago is found out (I24)", async () => {
  class Behind extends KvStateMachine {
    override range(request: Parameters<KvStateMachine["range"]>[0]) {
      const revision = Math.max(this.compactRevision, (request.revision ?? this.revision) - 1);
      return super.range({ ...request, revision });
    }
  }
  await findsOut("I24 reads see what was acknowledged", () => new Behind());
});
