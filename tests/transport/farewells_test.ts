import { assertEquals } from "@std/assert";
import { Farewells } from "../../transport/farewells.ts";
import type { PeerSocket } from "../../transport/peer_socket.ts";
import { VirtualTimers } from "./virtual.ts";

Deno.test("a socket that neither closes nor breaks is waited for no longer than the grace", async () => {
  const calls: string[] = [];
  const stubborn: PeerSocket = {
    bufferedBytes: 0,
    listen: () => {},
    send: () => {},
    close: () => void calls.push("close"),
    terminate: () => void calls.push("terminate"),
  };
  const timers = new VirtualTimers();
  const farewells = new Farewells(timers, 1_000);
  farewells.bid(stubborn);
  let gone = false;
  const waiting = farewells.allGone().then(() => gone = true);
  await timers.advance(999);
  assertEquals([calls, gone], [["close"], false]);
  await timers.advance(1);
  await waiting;
  assertEquals([calls, timers.pending], [["close", "terminate"], 0]);
});
