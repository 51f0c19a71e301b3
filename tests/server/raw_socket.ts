// A WebSocket on a bare connection: it is read only when the test reads, and sends what no library
// would.

import { assert } from "@std/assert";
import type { Message } from "./ws_client.ts";

export class RawSocket {
  readonly #connection: Deno.TcpConn;
  #bytes = new Uint8Array();

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<RawSocket> {
    const { hostname, port, host } = new URL(url);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const request = `GET /v1/ws HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" +
      "Sec-WebSocket-Version: 13\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    const socket = new RawSocket(connection);
    let head = -1;
    while (head < 0) {
      assert(await socket.#read(), "the connection ended");
      head = new TextDecoder().decode(socket.#bytes).indexOf("\r\n\r\n");
    }
    socket.#bytes = socket.#bytes.subarray(head + 4);
    return socket;
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // The server was first.
    }
  }

  /** Sends a text frame. */
  async send(message: unknown): Promise<void> {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    await this.frame(0x81, new TextEncoder().encode(text));
  }

  /** Sends a frame with any first byte; false once the server has closed the connection. */
  async frame(first: number, payload: Uint8Array): Promise<boolean> {
    const size = payload.length;
    const head = size < 126
      ? [0x80 | size]
      : size < 65_536
      ? [0xfe, size >> 8, size & 0xff]
      : [0xff, 0, 0, 0, 0, size >>> 24, (size >> 16) & 0xff, (size >> 8) & 0xff, size & 0xff];
    return await this.write(new Uint8Array([first, ...head, 0, 0, 0, 0]), payload);
  }

  /** Writes bytes as they are; false once the server has closed the connection. */
  async write(...parts: Uint8Array[]): Promise<boolean> {
    try {
      for (const bytes of parts) {
        for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
      }
      return true;
    } catch {
      return false;
    }
  }

  /** The status code with which the server closes, once it does; null if it just hangs up. */
  async closeCode(): Promise<number | null> {
    for (;;) {
      const frame = this.#next();
      if (frame?.opcode === 8) return frame.payload[0]! << 8 | frame.payload[1]!;
      if (frame === null && !(await this.#read())) return null;
    }
  }

  /** The messages until the server closes the connection. */
  async *messages(): AsyncGenerator<Message> {
    for (;;) {
      const frame = this.#next();
      if (frame === null) {
        if (!(await this.#read())) return;
      } else if (frame.opcode === 1) {
        const parsed = JSON.parse(new TextDecoder().decode(frame.payload));
        if (Array.isArray(parsed)) yield* parsed;
        else yield parsed;
      }
    }
  }

  /** The next frame, or null if it has not come whole. */
  #next(): { readonly opcode: number; readonly payload: Uint8Array } | null {
    const bytes = this.#bytes;
    if (bytes.length < 2) return null;
    const short = bytes[1]! & 0x7f;
    const at = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < at) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const size = short < 126
      ? short
      : short === 126
      ? view.getUint16(2)
      : Number(view.getBigUint64(2));
    if (bytes.length < at + size) return null;
    this.#bytes = bytes.subarray(at + size);
    return { opcode: bytes[0]! & 0x0f, payload: bytes.subarray(at, at + size) };
  }

  /** Reads more; false at the end. */
  async #read(): Promise<boolean> {
    const chunk = new Uint8Array(262_144);
    const size = await this.#connection.read(chunk).catch(() => null);
    if (size === null) return false;
    const joined = new Uint8Array(this.#bytes.length + size);
    joined.set(this.#bytes);
    joined.set(chunk.subarray(0, size), this.#bytes.length);
    this.#bytes = joined;
    return true;
  }
}
