// Many clients that read nothing, each within its own bounds: together they are bounded, too.

import { setImmediate } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import type { ClientSocket, ClientSocketHandlers } from "../../server/websocket/client_socket.ts";
import { WEBSOCKET_LIMITS } from "../../server/websocket/limits.ts";
import { WebSocketDoor } from "../../server/websocket/websocket_door.ts";
import { FakePort } from "./fake_port.ts";

const VALUE_BYTES = 400_000;
const ALL_MAX = 20_000_000;

/** A client that reads nothing until it is told to. */
class Sleeper implements ClientSocket {
  bufferedBytes = 0;
  readonly codes: string[] = [];
  #handlers: ClientSocketHandlers | null = null;

  listen(handlers: ClientSocketHandlers): void {
    this.#handlers = handlers;
    handlers.onOpen();
  }

  send(text: string): void {
    this.bufferedBytes += text.length;
    for (const message of [JSON.parse(text)].flat()) {
      if (message.id !== undefined) this.codes.push(message.error?.code ?? "ok");
    }
  }

  /** Asks, and waits for the answers. */
  async ask(...messages: readonly object[]): Promise<void> {
    const awaited = this.codes.length + messages.length;
    this.#handlers?.onMessage(JSON.stringify(messages));
    while (this.codes.length < awaited) await setImmediate();
  }

  close(): void {
    this.#handlers?.onClose();
  }

  terminate(): void {
    this.close();
  }

  pause(): void {}

  resume(): void {}
}

Deno.test("all who leave answers unread are bounded together, and who reads is served", async () => {
  const door = new WebSocketDoor(new FakePort(), {
    limits: { ...WEBSOCKET_LIMITS, unreadBytesMax: 64_000_000 },
    allUnreadBytesMax: ALL_MAX,
    onInternalError: (thrown) => {
      throw thrown;
    },
  });
  const reader = new Sleeper();
  door.accept(reader);
  await reader.ask({ id: 1, op: "put", key: "big", value: "v".repeat(VALUE_BYTES) });
  const get = (id: number) => ({ id, op: "get", key: "big" });
  const sleepers = Array.from({ length: 10 }, () => new Sleeper());
  for (const sleeper of sleepers) {
    door.accept(sleeper);
    await sleeper.ask(...Array.from({ length: 30 }, (_, id) => get(id)));
  }
  const each = 1_048_576 + VALUE_BYTES;
  assert(
    door.unreadBytes < ALL_MAX + sleepers.length * (each + VALUE_BYTES),
    `${door.unreadBytes}`,
  );
  const [first, last] = [sleepers[0]!.codes, sleepers.at(-1)!.codes];
  assertEquals([first.includes("overloaded"), last.includes("overloaded")], [false, true]);
  assert(last.includes("ok"), "what a client can take in a moment it is given");
  // One that reads is not held to account for the others.
  for (let id = 2; id < 12; id++) {
    reader.bufferedBytes = 0;
    await reader.ask(get(id));
  }
  assertEquals(new Set(reader.codes), new Set(["ok"]));
  for (const sleeper of sleepers) sleeper.bufferedBytes = 0;
  await sleepers.at(-1)!.ask(get(99));
  assertEquals(sleepers.at(-1)!.codes.at(-1), "ok");
  door.close();
});

Deno.test("large answers that are still being written count as unread", async () => {
  const door = new WebSocketDoor(new FakePort(), {
    allUnreadBytesMax: 1_000_000,
    onInternalError: (thrown) => {
      throw thrown;
    },
  });
  const sleeper = new Sleeper();
  door.accept(sleeper);
  for (const key of ["a", "b"]) {
    await sleeper.ask({ id: 1, op: "put", key, value: "v".repeat(VALUE_BYTES) });
  }
  const codes = sleeper.codes.length;
  await sleeper.ask(...[1, 2, 3].map((id) => ({ id, op: "range" })));
  assertEquals(sleeper.codes.slice(codes).toSorted(), ["ok", "overloaded", "overloaded"]);
  door.close();
});
