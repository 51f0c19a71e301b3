import { assertEquals, assertInstanceOf } from "@std/assert";
import { KvError } from "@raftkv/client";
import { Lease } from "../../client/lease.ts";
import { VirtualTime } from "./virtual_time.ts";

const GONE = new KvError("It is gone", {
  code: "lease_not_found",
  retryable: false,
  outcome: "not_applied",
});
const SILENT = new KvError("No answer", { code: "timeout", retryable: true, outcome: "unknown" });

/** A lease of nine seconds whose renewals end as `renew` decides, and when each was asked for. */
function leaseWith(time: VirtualTime, renew: (count: number) => void) {
  const renewals: number[] = [];
  const closing = new AbortController();
  const lease = new Lease({ id: "1", ttl: 9, sentMs: 0 }, {
    timers: time,
    closed: closing.signal,
    renew: () => {
      renewals.push(time.nowMs());
      renew(renewals.length);
      return Promise.resolve();
    },
    revoke: () => Promise.resolve(),
  });
  const lost = new Promise<void>((resolve) => {
    lease.signal.addEventListener("abort", () => resolve());
  });
  return { lease, renewals, lost, closing };
}

Deno.test("a lease is renewed after a third of its time, again and again", async () => {
  const time = new VirtualTime();
  const { lease, renewals, lost } = leaseWith(time, (count) => {
    if (count === 4) throw GONE;
  });
  await time.run(lost);
  assertEquals(renewals, [3_000, 6_000, 9_000, 12_000]);
  assertInstanceOf(lease.signal.reason, KvError);
  assertEquals(time.pending, 0, "nothing is left that would keep a process alive");
});

Deno.test("a lease is lost when its time is over, counted from when its last renewal was sent", async () => {
  const time = new VirtualTime();
  const { lost } = leaseWith(time, (count) => {
    if (count > 1) throw SILENT;
  });
  await time.run(lost);
  assertEquals(time.nowMs(), 3_000 + 9_000);
});

Deno.test("a closed client renews no more, and its leases count as lost", () => {
  const time = new VirtualTime();
  const { lease, closing } = leaseWith(time, () => {});
  closing.abort(new DOMException("The client is closed", "AbortError"));
  assertEquals(lease.signal.aborted, true);
  assertEquals(time.pending, 0);
});
