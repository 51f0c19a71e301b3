import { assertEquals } from "@std/assert";
import { Keepalive } from "../../transport/keepalive.ts";

Deno.test("a link that sends nothing pings, one that sends does not", () => {
  const keepalive = new Keepalive(10);
  assertEquals(keepalive.onTick(), "ping");
  keepalive.onSent();
  assertEquals(keepalive.onTick(), "fine");
  assertEquals(keepalive.onTick(), "ping");
});

Deno.test("silence of more ticks than allowed is death, however much is sent", () => {
  const keepalive = new Keepalive(3);
  const verdicts = Array.from({ length: 4 }, () => {
    keepalive.onSent();
    return keepalive.onTick();
  });
  assertEquals(verdicts, ["fine", "fine", "fine", "dead"]);
});

Deno.test("any frame received starts the count over", () => {
  const keepalive = new Keepalive(1);
  for (let i = 0; i < 5; i++) {
    assertEquals(keepalive.onTick(), "ping");
    keepalive.onReceived();
  }
});
