import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, KvError } from "@raftkv/client";
import { claim, type ClaimStore } from "../../client/claim.ts";
import { LeaderCache } from "../../client/leader_cache.ts";
import { systemTimers } from "../../client/timers.ts";
import { follow } from "../../client/watcher.ts";
import { VirtualTime } from "./virtual_time.ts";

const failed = (code: "timeout" | "compacted" | "invalid_key") =>
  new KvError(code, { code, retryable: code === "timeout", outcome: "not_applied" });

Deno.test("no time is too long for a timer: what runtimes take for none at all", () => {
  const delays: (number | undefined)[] = [];
  const original = globalThis.setTimeout;
  globalThis.setTimeout = ((ring: () => void, delayMs?: number) => {
    if (delays.push(delayMs) < 3) ring();
    return 0;
  }) as unknown as typeof setTimeout;
  try {
    systemTimers.after(Infinity, () => {});
    assertEquals(delays, []);
    systemTimers.after(2 ** 31 + 4, () => {});
    assertEquals(delays, [2 ** 31 - 1, 5]);
  } finally {
    globalThis.setTimeout = original;
  }
});

Deno.test("an update that is overtaken again and again ends with the client's own time", async () => {
  let nowMs = 0;
  const message = { code: "precondition_failed", message: "", retryable: false };
  await using kv = connect({
    endpoints: ["http://n1.test"],
    discover: false,
    timeoutMs: 100,
    timers: { nowMs: () => ++nowMs, after: () => () => {} },
    fetch: (url, { method }) => {
      if (url.includes("/sessions")) return json({ session: "1", revision: 1 });
      if (method === "PUT") return json({ error: { ...message, outcome: "not_applied" } }, 409);
      return json({
        key: "k",
        value: 1,
        revision: 1,
        createRevision: 1,
        modRevision: 1,
        version: 1,
      });
    },
  });
  const error = await assertRejects(() => kv.update("k", () => 2), KvError);
  assertEquals(error.code, "precondition_failed");
  assert(nowMs < 1_000, `${nowMs} ms`);
});

Deno.test("an end of a lease whose answer was lost is unknown", async () => {
  await using kv = connect({
    endpoints: ["http://n1.test"],
    discover: false,
    fetch: (_, { method }) => {
      if (method === "DELETE") return Promise.reject(new TypeError("The connection broke"));
      return json({ lease: "1", ttl: 9, grantedTtl: 9, keys: [], revision: 1 });
    },
  });
  const lease = await kv.adoptLease("1");
  const error = await assertRejects(() => lease.revoke({ timeoutMs: 30 }), KvError);
  assertEquals([error.code, error.outcome], ["timeout", "unknown"]);
});

Deno.test("a watch asks again for a state that could not be had, or was compacted under way", async () => {
  const answers = [failed("timeout"), failed("compacted"), { revision: 7, entries: [] }];
  const parts = {
    open: () => {
      throw new Error("Not before the state");
    },
    cache: new LeaderCache(["http://n1.test"], 0),
    timers: systemTimers,
    random: () => 0,
    closed: new AbortController().signal,
    list: () => {
      const answer = answers.shift()!;
      return answer instanceof KvError ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  const events = follow(parts, { initial: true });
  assertEquals((await events.next()).value, { type: "reset", revision: 7, entries: [] });
  await events.return();
  answers.push(failed("invalid_key"));
  await assertRejects(() => follow(parts, { initial: true }).next(), KvError, "invalid_key");
});

Deno.test("a watch ends with its signal, whatever the body of its answer does", async () => {
  let isCanceled = false;
  await using kv = connect({
    endpoints: ["http://n1.test"],
    discover: false,
    fetch: () =>
      Promise.resolve(new Response(new ReadableStream({ cancel: () => void (isCanceled = true) }))),
  });
  const giveUp = new AbortController();
  const next = kv.watch({ signal: giveUp.signal }).next();
  setTimeout(() => giveUp.abort(new DOMException("Enough", "AbortError")), 0);
  await assertRejects(() => next, DOMException, "Enough");
  assertEquals(isCanceled, true);
});

Deno.test("whoever gives up a lock is told soon, even if the claim cannot be withdrawn", async () => {
  const time = new VirtualTime();
  const closed = new AbortController().signal;
  const written = { modRevision: 2, version: 1 };
  const store: ClaimStore = {
    timers: time,
    random: () => 0,
    grant: () => Promise.resolve({ id: "1", ttl: 3_000, sentMs: 0 }),
    leaseParts: () => ({
      timers: time,
      closed,
      renew: () => Promise.resolve(),
      revoke: ({ timeoutMs = Infinity }) =>
        new Promise((_, reject) => time.after(timeoutMs, () => reject(failed("timeout")))),
    }),
    put: () => Promise.resolve({ ...written, createRevision: 2 }),
    entries: () =>
      Promise.resolve({
        revision: 2,
        entries: [{ key: "q/other", createRevision: 1 }, {
          key: "q/0000000000000001",
          createRevision: 2,
        }].map((each) => ({ ...written, value: null, ...each })),
      }),
    // deno-lint-ignore require-yield
    async *watch({ signal }) {
      await new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason))
      );
    },
  };
  const waiting = claim(store, "q/", { value: null, options: { timeoutMs: 100 } });
  await time.run(assertRejects(() => waiting, KvError, "held by another"));
  assert(time.nowMs() <= 5_000, `${time.nowMs()} ms`);
});

function json(body: unknown, status = 200): Promise<Response> {
  return Promise.resolve(Response.json(body, { status }));
}
