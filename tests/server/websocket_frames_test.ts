// Large frames are read by slices: what comes after one keeps its place, and waits within bounds.

import { assert, assertEquals } from "@std/assert";
import { Incoming } from "../../server/websocket/incoming.ts";
import { WEBSOCKET_LIMITS } from "../../server/websocket/limits.ts";
import { connect, resultOf, rule } from "./ws_client.ts";

const LARGE = `[${"1,".repeat(400_000)}1]`;

/** Frames of which a call within a call for each would be more than fits on a stack. */
const FLOOD = 10_000;

rule("frames are read in their order, however large one is", async ({ url, port }) => {
  await using client = await connect(url);
  client.send(`{"id":1,"op":"put","key":"large","value":${LARGE}}`);
  client.send('{"id":2,"op":"put","key":"small","value":1}');
  client.send(`{"id":3,"op":"put","key":"large","value":${LARGE.slice(0, -1)}}`);
  client.send('{"id":4,"op":"put","key":"small","value":2}');
  const answers = [await client.next(), await client.next(), await client.next()];
  const last = await client.next();
  assertEquals(resultOf(answers[0]!).revision, 2);
  assertEquals(resultOf(answers[1]!).revision, 3);
  assertEquals([answers[2]?.id, answers[2]?.error.code], [null, "invalid_json"]);
  assertEquals(resultOf(last).revision, 4);
  assertEquals(port.proposals.length, 3);
});

rule("a request of too many parts is refused under its own id", async ({ url, port }) => {
  await using client = await connect(url);
  const many = `[${"{},".repeat(5_000)}{}]`;
  client.send(
    `[{"id":1,"op":"txn","success":${many}},{"id":2,"op":"put","key":"a","value":${many}}]`,
  );
  const [first, second] = [await client.next(), await client.next()];
  assertEquals([first?.id, first?.error.code], [1, "too_many_operations"]);
  assertEquals([second?.id, resultOf(second).key], [2, "a"]);
  client.send(`{"id":3,"op":"put","key":"a","value":1,"x":${many}}`);
  const third = await client.next();
  assertEquals([third?.id, third?.error.code], [3, "invalid_body"]);
  assertEquals(port.proposals.length, 1);
});

rule("a client whose frames wait beyond the limit is let go", async ({ url, port }) => {
  const client = await connect(url);
  for (let left = 0; left < 20; left++) {
    client.send(`{"id":${left},"op":"put","key":"a","value":${LARGE}}`);
  }
  await client.closed;
  await using next = await connect(url);
  resultOf(await next.ask({ op: "ping" }));
  assert(port.proposals.length < 20);
}, { limits: { ...WEBSOCKET_LIMITS, requestBytesMax: 1_000_000 } });

Deno.test("what waits is let go with its client", () => {
  const read: number[] = [];
  const incoming = new Incoming({
    onFrame: (_input, sizeUnits) => read.push(sizeUnits),
    onUnreadable: () => read.push(0),
  });
  incoming.push("[]");
  incoming.push(`{"value":${LARGE}}`);
  incoming.push("{}");
  assertEquals([read, incoming.waitingUnits > 0], [[2], true]);
  incoming.end();
  assertEquals(incoming.waitingUnits, 0);
});

Deno.test("frames without anything in them count while they wait", () => {
  const incoming = new Incoming({ onFrame: () => {}, onUnreadable: () => {} });
  incoming.push(`{"value":${LARGE}}`);
  const before = incoming.waitingUnits;
  for (let left = 0; left < 100; left++) incoming.push("");
  assert(incoming.waitingUnits - before >= 100 * 64);
  incoming.end();
});

Deno.test("a flood of small frames behind a large one is read to its end", async () => {
  const sizes: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const incoming = new Incoming({
    onFrame: (_input, sizeUnits) => {
      sizes.push(sizeUnits);
      if (sizes.length === FLOOD + 2) resolve();
    },
    onUnreadable: () => {},
  });
  const large = `{"value":${LARGE}}`;
  incoming.push(large);
  for (let left = FLOOD; left > 0; left--) incoming.push("0");
  incoming.push("{}");
  await promise;
  assertEquals([sizes[0], sizes[1], sizes.at(-1)], [large.length, 1, 2]);
  assertEquals(incoming.waitingUnits, 0);
});
