import { assertEquals } from "@std/assert";
import { type CommandResult, KvStateMachine } from "@raftkv/core/kv";
import { bytesOfText, keyOf, Log, restored, snapshotBytes } from "./apply.ts";

const HOUR_MS = 3_600_000;
const EXPIRED: CommandResult = { kind: "refused", reason: "session_expired" };

/** Each rule must hold on a node that was restored from a snapshot just as on one that was not. */
const WAYS: readonly {
  readonly name: string;
  readonly via: (m: KvStateMachine) => KvStateMachine;
}[] = [
  { name: "in one life", via: (machine) => machine },
  { name: "across a snapshot", via: (machine) => restored(snapshotBytes(machine)) },
];

for (const { name, via } of WAYS) {
  Deno.test(`a repeated request gets the first answer and has no second effect, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const session = log.open(machine);
    const first = log.send(machine, session, 1);
    assertEquals(log.send(machine, session, 2).kind, "committed");
    machine = via(machine);
    const revision = machine.revision;
    assertEquals<unknown>(log.send(machine, session, 1), { ...first, replayed: true });
    assertEquals(machine.revision, revision);
    assertEquals(machine.get(keyOf("n"))?.value, bytesOfText("2"));
  });

  Deno.test(`the answers of the last 64 sequences are kept, and no older one, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const session = log.open(machine);
    const answers = Array.from({ length: 65 }, (_, i) => log.send(machine, session, i + 1));
    machine = via(machine);
    const revision = machine.revision;
    assertEquals(log.send(machine, session, 1), EXPIRED);
    for (let sequence = 2; sequence <= 65; sequence++) {
      const replayed = { ...answers[sequence - 1], replayed: true };
      assertEquals<unknown>(log.send(machine, session, sequence), replayed);
    }
    assertEquals(machine.revision, revision);
  });

  Deno.test(`requests that arrive out of order each take effect once, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const session = log.open(machine);
    const arrivals = [64, 3, 1, 64, 2, 3, 63];
    const kinds = arrivals.map((sequence) => {
      machine = via(machine);
      const result = log.send(machine, session, sequence);
      return result.kind === "committed" ? result.replayed ?? false : result.kind;
    });
    assertEquals(kinds, [false, false, false, true, false, true, false]);
    assertEquals(machine.revision, 6);
  });

  Deno.test(`a sequence that the window has passed never takes effect, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const session = log.open(machine);
    log.send(machine, session, 1_000);
    machine = via(machine);
    assertEquals(log.send(machine, session, 936), EXPIRED);
    assertEquals(log.send(machine, session, 937).kind, "committed");
    assertEquals(machine.revision, 3);
  });

  Deno.test(`a session unused for more than an hour of replicated time is forgotten, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const session = log.open(machine);
    log.send(machine, session, 1);
    log.timeMs += HOUR_MS;
    machine = via(machine);
    const replay = log.send(machine, session, 1);
    assertEquals(replay.kind === "committed" && replay.replayed, true);
    log.timeMs += HOUR_MS;
    machine = via(machine);
    assertEquals(log.send(machine, session, 2).kind, "committed");
    log.timeMs += HOUR_MS + 1;
    machine = via(machine);
    assertEquals(log.send(machine, session, 1), EXPIRED);
    assertEquals(log.send(machine, session, 3), EXPIRED);
    assertEquals(machine.revision, 3);
  });

  Deno.test(`replicated time never goes back when a leader's clock does, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const session = log.open(machine);
    log.timeMs += HOUR_MS + 1;
    log.commit(machine);
    machine = via(machine);
    log.timeMs -= HOUR_MS;
    assertEquals(log.send(machine, session, 1), EXPIRED);
  });

  Deno.test(`of more than 4,096 sessions the least recently used is forgotten, ${name}`, () => {
    const log = new Log();
    let machine = new KvStateMachine();
    const sessions = Array.from({ length: 4_096 }, () => log.open(machine));
    const [first, second, third] = sessions as [number, number, number];
    assertEquals(log.send(machine, first, 1).kind, "committed");
    machine = via(machine);
    const last = log.open(machine);
    assertEquals(log.send(machine, second, 1), EXPIRED);
    for (const session of [first, third, last]) {
      assertEquals(log.send(machine, session, 2).kind, "committed");
    }
  });
}

Deno.test("an unknown session never takes effect", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  assertEquals(log.send(machine, 99, 1), EXPIRED);
  assertEquals(log.send(machine, log.open(machine) + 1, 1), EXPIRED);
  assertEquals(machine.revision, 1);
});

Deno.test("an id is never given to a second session, not even after the first was forgotten", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const ids = new Set<number>();
  for (let i = 0; i < 10_000; i++) ids.add(log.open(machine));
  assertEquals(ids.size, 10_000);
});

Deno.test("opening a session lets go of all that were idle for too long", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 1_000; i++) log.open(machine);
  const full = snapshotBytes(machine).length;
  log.timeMs += HOUR_MS + 1;
  log.open(machine);
  assertEquals(snapshotBytes(machine).length < full / 50, true);
});
