import { assertEquals } from "@std/assert";
import { MemoryHub } from "@raftkv/transport/memory";
import { EventLog } from "@raftkv/transport/testing";
import { memberOf, nodeId } from "./virtual.ts";

const A = nodeId("a");
const B = nodeId("b");

/** A hub whose deliveries wait until the test runs them. */
function manualHub(sendBufferBytesMax?: number) {
  const tasks: (() => void)[] = [];
  const hub = new MemoryHub({
    defer: (task) => void tasks.push(task),
    ...(sendBufferBytesMax === undefined ? {} : { sendBufferBytesMax }),
  });
  const log = new EventLog();
  const a = hub.open(A, new EventLog());
  const b = hub.open(B, log);
  a.setPeers([memberOf(B)]);
  b.setPeers([memberOf(A)]);
  const run = () => {
    for (const task of tasks.splice(0)) task();
  };
  run();
  return { hub, a, b, log, run };
}

Deno.test("a message under way when its link is cut is lost, even if the link is back in time", () => {
  const { hub, a, log, run } = manualHub();
  a.send(B, Uint8Array.of(1));
  hub.cut(A, B);
  hub.heal(A, B);
  a.send(B, Uint8Array.of(2));
  run();
  assertEquals(log.messages.map(({ message }) => message[0]), [2]);
});

Deno.test("the buffer counts bytes under way, and what has arrived no longer", () => {
  const { a, run } = manualHub(10);
  assertEquals([a.send(B, new Uint8Array(6)), a.send(B, new Uint8Array(5))], [true, false]);
  assertEquals(a.send(B, new Uint8Array(4)), true);
  run();
  assertEquals(a.send(B, new Uint8Array(10)), true);
});

Deno.test("what was under way to a node that has closed is not delivered", async () => {
  const { a, b, log, run } = manualHub();
  a.send(B, Uint8Array.of(1));
  await b.close();
  run();
  assertEquals([log.messages, log.changes], [[], ["up a"]]);
});
