import { assertEquals } from "@std/assert";
import type { NodeId, Term } from "@raftkv/core/raft";
import { HeldProposals, type Origin } from "../../../core/replica/held_proposals.ts";

const MIB = 1024 * 1024;
const n2 = "n2" as NodeId;

const client = (requestId: number, deadlineMs = 1_000) =>
  ({ kind: "client", requestId, deadlineMs, tracedFromMs: null }) satisfies Origin;
const peer: Origin = {
  kind: "peer",
  from: n2,
  sender: 1,
  requestId: 1,
  term: 1 as Term,
  tracedFromMs: null,
};

/** Holds as many commands of a mebibyte as there is room for; returns how many. */
function fill(held: HeldProposals): number {
  const payload = new Uint8Array(MIB);
  let count = 0;
  while (held.maybeAdd({ origin: client(count), payload })) count++;
  return count;
}

// [P-4]
Deno.test("what waits for a leader is bounded in bytes", () => {
  const held = new HeldProposals();
  assertEquals([fill(held), held.count], [64, 64]);
});

// [P-4]
Deno.test("what was handed to a leader counts as well, until it ends or is sent back", () => {
  const held = new HeldProposals();
  fill(held);
  for (const [at, { payload }] of held.takeWaiting().entries()) {
    held.forward(at, { origin: client(at), payload, to: n2, atMs: 0 });
  }
  assertEquals([fill(held), held.waitingCount], [0, 0]);
  held.waitAgain(held.takeForwarded(7)!);
  assertEquals([fill(held), held.waitingCount], [0, 1]);
  held.takeForwarded(8);
  assertEquals([held.takeForwarded(8), fill(held)], [null, 1]);
});

// [P-4]
Deno.test("every way out makes room again", () => {
  const exits: ((held: HeldProposals) => unknown)[] = [
    (held) => held.takeWaiting(),
    (held) => held.takeExpired(1_000),
    (held) => {
      held.takeWaiting().forEach(({ payload }, at) =>
        held.forward(at, { origin: client(at), payload, to: n2, atMs: 0 })
      );
      return held.takeForwardedTo(n2);
    },
    (held) => {
      held.takeWaiting().forEach(({ payload }, at) =>
        held.forward(at, { origin: client(at), payload, to: n2, atMs: 0 })
      );
      return held.takeExpired(1_000);
    },
  ];
  for (const exit of exits) {
    const held = new HeldProposals();
    fill(held);
    exit(held);
    assertEquals([held.count, fill(held)], [0, 64]);
  }
});

// [P-4]
Deno.test("with nobody else's command among them, a turn looks at none that waits", () => {
  const held = new HeldProposals();
  let looks = 0;
  const payload = new Uint8Array(1);
  for (let requestId = 0; requestId < 100; requestId++) {
    held.maybeAdd({
      get origin() {
        looks++;
        return client(requestId);
      },
      payload,
    });
  }
  looks = 0;
  assertEquals([held.takeForeign(), looks], [[], 0]);
  held.maybeAdd({ origin: peer, payload });
  assertEquals([held.takeForeign().length, held.takeForeign().length, held.count], [1, 0, 100]);
});

Deno.test("only what has run out of time is taken out as expired", () => {
  const held = new HeldProposals();
  const payload = new Uint8Array(1);
  held.maybeAdd({ origin: client(1, 500), payload });
  held.maybeAdd({ origin: client(2, 501), payload });
  held.maybeAdd({ origin: peer, payload });
  held.forward(1, { origin: client(3, 500), payload, to: n2, atMs: 0 });
  const { waiting, forwarded } = held.takeExpired(500);
  assertEquals([...waiting, ...forwarded].map(({ origin }) => "requestId" in origin && origin), [
    client(1, 500),
    client(3, 500),
  ]);
  assertEquals(held.count, 2);
});
