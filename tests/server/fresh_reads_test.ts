import { assert, assertEquals } from "@std/assert";
import { KvFailure } from "@raftkv/core/api";
import { type KvReader, KvStateMachine } from "@raftkv/core/kv";
import type { ReadProof } from "@raftkv/core/raft";
import type { ReadMode, ReadMoments } from "@raftkv/core/replica";
import { MachineFeed } from "../../server/event_feed.ts";
import { FreshReads } from "../../server/fresh_reads.ts";
import type { CallOptions, Freshness, Settle } from "../../server/kv_port.ts";
import type { Served } from "../../server/served.ts";
import { Log, put } from "../core/kv/apply.ts";

/** The reads of a node whose leader answers by hand. */
class Desk {
  nowMs = 1_000;
  isStopping = false;
  isStateLost = false;
  readonly asked: { readonly mode: ReadMode; readonly settle: Settle<ReadMoments> }[] = [];
  readonly #machine = new KvStateMachine();
  readonly #log = new Log();
  readonly #feed = new MachineFeed(this.#machine);
  readonly #reads = new FreshReads({
    reader: this.#machine,
    events: this.#feed,
    isStopping: () => this.isStopping,
    isStateLost: () => this.isStateLost,
    nowMs: () => this.nowMs,
    ask: (mode, _options, settle) => this.asked.push({ mode, settle }),
  });

  read(freshness: Freshness, options: Partial<CallOptions> = {}) {
    const end: { revision?: number; served?: Served; code?: string } = {};
    const settled = new Promise<typeof end>((resolve) => {
      this.#reads.readThen(freshness, { timeoutMs: 50, ...options }, {
        resolve: ({ revision }: KvReader, served) => {
          resolve(Object.assign(end, { revision, served }));
        },
        reject: (thrown) => {
          assert(thrown instanceof KvFailure);
          resolve(Object.assign(end, { code: thrown.code }));
        },
      });
    });
    return { end, settled };
  }

  /** The leader answers the open question, asked now, and the node has come there. */
  grant(proof: ReadProof = "quorum"): void {
    const { nowMs } = this;
    this.asked.shift()!.settle.resolve({ askedAtMs: nowMs, grantedAtMs: nowMs, proof });
  }

  refuse(code: "no_leader" | "timeout" | "stopping"): void {
    this.asked.shift()!.settle.reject(new KvFailure(code));
  }

  write(): void {
    this.#log.commit(this.#machine, put("a", "1"));
    this.#feed.onTurn();
  }

  stop(): void {
    this.isStopping = true;
    this.#feed.stop();
  }
}

const STALE = { consistency: "stale" } as const;

Deno.test("a stale read without a bound asks nobody, and does not know its age at first", () => {
  const desk = new Desk();
  assertEquals(desk.read(STALE).end, { revision: 1, served: { consistency: "stale" } });
  assertEquals(desk.asked, []);
});

Deno.test("a stale read tells how long ago a leader had vouched for what it shows", () => {
  const desk = new Desk();
  desk.read({ consistency: "linearizable" });
  desk.grant();
  desk.nowMs += 250;
  assertEquals(desk.read(STALE).end.served, { consistency: "stale", stalenessMs: 250 });
});

Deno.test("a bounded stale read is served at once while the state is young enough", () => {
  const desk = new Desk();
  const bounded = { ...STALE, maxStalenessMs: 300 };
  const first = desk.read(bounded);
  // Nothing is known yet: the leader is asked, and what comes of it is more than was asked for.
  assertEquals([first.end, desk.asked.map(({ mode }) => mode)], [{}, ["linearizable"]]);
  desk.grant();
  assertEquals(first.end.served, { consistency: "linearizable" });
  desk.nowMs += 300;
  assertEquals(desk.read(bounded).end.served, { consistency: "stale", stalenessMs: 300 });
  desk.nowMs += 1;
  assertEquals([desk.read(bounded).end, desk.asked.length], [{}, 1]);
});

Deno.test("the age counts from the question to the leader, not from its answer", () => {
  const desk = new Desk();
  desk.read({ consistency: "linearizable" });
  const { settle } = desk.asked.shift()!;
  const askedAtMs = desk.nowMs;
  desk.nowMs += 400;
  settle.resolve({ askedAtMs, grantedAtMs: desk.nowMs, proof: "quorum" });
  assertEquals(desk.read(STALE).end.served?.stalenessMs, 400);
});

Deno.test("a bound that cannot be met is refused by name; other failures keep theirs", async () => {
  for (const code of ["no_leader", "timeout", "stopping"] as const) {
    const desk = new Desk();
    const { settled } = desk.read({ ...STALE, maxStalenessMs: 300 });
    desk.refuse(code);
    assertEquals((await settled).code, code === "stopping" ? code : "too_stale");
  }
});

Deno.test("a node that lost its state shows nobody its empty one, but what a leader vouches for", async () => {
  const desk = new Desk();
  desk.isStateLost = true;
  assertEquals((await desk.read(STALE).settled).code, "no_leader");
  assertEquals((await desk.read({ ...STALE, minRevision: 2 }).settled).code, "no_leader");
  const bounded = desk.read({ ...STALE, maxStalenessMs: 300 });
  assertEquals([bounded.end, desk.asked.length], [{}, 1]);
  desk.isStateLost = false;
  assertEquals(desk.read(STALE).end.served, { consistency: "stale" });
});

Deno.test("a lease read asks the leader for a lease, and is told as what proved it", () => {
  for (const [proof, consistency] of [["lease", "lease"], ["quorum", "linearizable"]] as const) {
    const desk = new Desk();
    const { end } = desk.read({ consistency: "lease" });
    assertEquals(desk.asked[0]?.mode, "lease");
    desk.grant(proof);
    assertEquals(end.served, { consistency });
  }
});

for (const consistency of ["stale", "linearizable"] as const) {
  Deno.test(`a ${consistency} read waits for its minRevision`, async () => {
    const desk = new Desk();
    const { end, settled } = desk.read({ consistency, minRevision: 3 }, { timeoutMs: 60_000 });
    if (consistency === "linearizable") desk.grant();
    desk.write();
    assertEquals(end, {});
    desk.write();
    assertEquals((await settled).revision, 3);
    assertEquals(desk.read({ ...STALE, minRevision: 3 }).end.revision, 3);
  });
}

Deno.test("a minRevision that does not come in time is refused by name", async () => {
  const desk = new Desk();
  const { settled } = desk.read({ ...STALE, minRevision: 2 }, { timeoutMs: 1 });
  assertEquals((await settled).code, "revision_not_reached");
});

Deno.test("a node that stops lets nobody wait for a revision", async () => {
  const desk = new Desk();
  const { settled } = desk.read({ ...STALE, minRevision: 2 }, { timeoutMs: 60_000 });
  desk.stop();
  assertEquals((await settled).code, "stopping");
});

Deno.test("a read that is explained tells of its parts, and only then", () => {
  const desk = new Desk();
  const { end } = desk.read({ consistency: "linearizable" }, { explain: true });
  const { settle } = desk.asked.shift()!;
  desk.nowMs += 1;
  const askedAtMs = desk.nowMs;
  desk.nowMs += 5;
  settle.resolve({ askedAtMs, grantedAtMs: askedAtMs + 2, proof: "quorum" });
  assertEquals(end.served?.spans, [
    { name: "queue", ms: 1 },
    { name: "leader", ms: 2 },
    { name: "apply", ms: 3 },
    { name: "total", ms: 6 },
  ]);
});
