import { assertEquals } from "@std/assert";
import type { ClientSocket } from "../../server/websocket/client_socket.ts";
import { WEBSOCKET_LIMITS } from "../../server/websocket/limits.ts";
import { Outgoing } from "../../server/websocket/outgoing.ts";

/** A socket whose client takes nothing until it is told to. */
class IdleSocket implements Pick<ClientSocket, "bufferedBytes" | "send"> {
  bufferedBytes = 0;

  send(text: string): void {
    this.bufferedBytes += text.length;
  }
}

Deno.test("who is told that a client is behind is told when it no longer is, without asking", async () => {
  const socket = new IdleSocket();
  const told: string[] = [];
  const drained = Promise.withResolvers<void>();
  const outgoing = new Outgoing(socket as unknown as ClientSocket, WEBSOCKET_LIMITS, {
    onCongested: () => void told.push("congested"),
    onDrained: () => {
      told.push("drained");
      drained.resolve();
    },
    onOverrun: () => drained.reject(new Error("overrun")),
  });
  for (let round = 1; round <= 2; round++) {
    outgoing.say("v".repeat(2_000_000));
    assertEquals(told.length, 2 * round - 1);
    socket.bufferedBytes = 0;
    if (round === 1) await drained.promise;
  }
  outgoing.end();
  assertEquals(told, ["congested", "drained", "congested"]);
});
