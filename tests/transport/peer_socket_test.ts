import { assertEquals } from "@std/assert";
import { DEAF, peerSocketOf, type WebSocketLike } from "../../transport/peer_socket.ts";

interface FakeEvent {
  readonly data: unknown;
  readonly code: number;
  readonly message?: string;
}

/** A standard WebSocket whose events the test fires. */
class FakeWebSocket implements WebSocketLike {
  binaryType = "blob";
  readonly bufferedAmount = 0;
  readyState = 1;
  closeCalls = 0;
  readonly #listeners = new Map<string, (event: FakeEvent) => void>();

  send(): void {}

  close(): void {
    this.closeCalls += 1;
  }

  addEventListener(
    type: string,
    listener: (event: FakeEvent) => void,
  ): void {
    this.#listeners.set(type, listener);
  }

  fire(type: string, event: Omit<FakeEvent, "data">): void {
    this.#listeners.get(type)?.({ data: null, ...event });
  }
}

Deno.test("a socket whose end is fired twice ends once", () => {
  const webSocket = new FakeWebSocket();
  const reasons: string[] = [];
  peerSocketOf(webSocket).listen({ ...DEAF, onClose: (reason) => reasons.push(reason) });
  webSocket.fire("close", { code: 1001 });
  webSocket.fire("close", { code: 1005 });
  assertEquals(reasons, ["Connection closed (1001)"]);
});

Deno.test("a socket that ends after an error says which", () => {
  const webSocket = new FakeWebSocket();
  const reasons: string[] = [];
  peerSocketOf(webSocket).listen({ ...DEAF, onClose: (reason) => reasons.push(reason) });
  webSocket.fire("error", { code: 0, message: "Unexpected EOF" });
  webSocket.fire("close", { code: 1006 });
  assertEquals(reasons, ["Connection failed: Unexpected EOF"]);
});

Deno.test("a socket whose library cannot break it is closed instead", () => {
  const webSocket = new FakeWebSocket();
  peerSocketOf(webSocket).terminate();
  assertEquals(webSocket.closeCalls, 1);
});

Deno.test("a socket that is not wanted before it is open is closed once it is, and tells nobody", () => {
  for (const end of ["close", "terminate"] as const) {
    const webSocket = new FakeWebSocket();
    webSocket.readyState = 0;
    const socket = peerSocketOf(webSocket);
    const opened: string[] = [];
    socket.listen({ ...DEAF, onOpen: () => opened.push(end) });
    socket[end]();
    assertEquals(webSocket.closeCalls, 0);
    webSocket.readyState = 1;
    webSocket.fire("open", { code: 0 });
    assertEquals([webSocket.closeCalls, opened], [1, []]);
  }
});
