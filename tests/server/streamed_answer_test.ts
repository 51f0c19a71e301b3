// Answers that are made while they are sent: whole, at the client's pace, and never cut off in a way
// that looks like their end.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { BackupReader } from "@raftkv/storage/backup";
import { KvStateMachine } from "@raftkv/core/kv";
import { createApp } from "../../server/app.ts";
import { listenHardened } from "../../server/listener_hardened.ts";
import { listenNative } from "../../server/listener_native.ts";
import { type Listener, LISTENER_LIMITS } from "../../server/listener_options.ts";
import { FakePort } from "./fake_port.ts";
import { streamedResponse } from "../../server/streamed.ts";

const PIECE_BYTES = 65_536;

/** A body of equal pieces, and how many of them were asked for. */
class Pieces {
  made = 0;
  isCancelled = false;
  readonly body: ReadableStream<Uint8Array>;

  constructor(count: number, failAt = Infinity) {
    this.body = new ReadableStream({
      pull: (controller) => {
        if (this.made === failAt) throw new Error("The source broke");
        if (this.made === count) return controller.close();
        controller.enqueue(new Uint8Array(PIECE_BYTES).fill(this.made++));
      },
      cancel: () => void (this.isCancelled = true),
    }, { highWaterMark: 0 });
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

for (const [kind, open] of [["native", listenNative], ["hardened", listenHardened]] as const) {
  const listen = async (answer: () => Response | Promise<Response>): Promise<Listener> =>
    await open({
      host: "127.0.0.1",
      port: 0,
      fetch: answer,
      onPeerSocket: () => {},
      onClientSocket: () => {},
      limits: { ...LISTENER_LIMITS, closeMsMax: 300 },
    });
  const urlOf = ({ port }: Listener) => `http://127.0.0.1:${port}/`;

  Deno.test(`${kind} listener: a streamed answer arrives whole`, async () => {
    const listener = await listen(() => streamedResponse(new Pieces(300).body));
    const bytes = await (await fetch(urlOf(listener))).bytes();
    await listener.close();
    assertEquals(bytes.length, 300 * PIECE_BYTES);
    assert(bytes.every((byte, at) => byte === (Math.floor(at / PIECE_BYTES) & 0xff)));
  });

  Deno.test(`${kind} listener: an answer whose source breaks does not look whole`, async () => {
    const listener = await listen(() => streamedResponse(new Pieces(300, 100).body));
    await assertRejects(async () => await (await fetch(urlOf(listener))).bytes());
    await listener.close();
  });

  Deno.test(`${kind} listener: a slow client holds the source back, and closing ends it`, async () => {
    const pieces = new Pieces(2_000);
    const listener = await listen(() => streamedResponse(pieces.body));
    const response = await fetch(urlOf(listener));
    const reader = response.body!.getReader();
    await reader.read();
    let made = -1;
    // It stops by itself once every buffer on the way is full.
    await until(() => {
      const isStill = made === pieces.made;
      made = pieces.made;
      return isStill && made > 1;
    });
    assert(pieces.made < 2_000);
    const startMs = performance.now();
    await listener.close();
    assert(performance.now() - startMs >= 290, "a request under way is waited for");
    await until(() => pieces.isCancelled);
    await assertRejects(async () => {
      while (!(await reader.read()).done);
    });
  });

  Deno.test(`${kind} listener: a backup is what the node's state is`, async () => {
    const port = new FakePort();
    const app = createApp(port, { onInternalError: (error) => Promise.reject(error) });
    const listener = await listen(() => app.request("/v1/snapshot"));
    for (let at = 0; at < 300; at++) {
      const body = JSON.stringify({ value: `${at}`.repeat(1_000) });
      await (await app.request(`/kv/key${at}`, { method: "PUT", body })).text();
    }
    const response = await fetch(urlOf(listener));
    assertEquals(response.headers.get("raftkv-revision"), "301");
    assertEquals(response.headers.get("content-type"), "application/octet-stream");
    const machine = new KvStateMachine();
    const restorer = machine.restorer();
    const backup = new BackupReader("answer", (bytes) => restorer.push(bytes));
    for await (const bytes of response.body!) backup.push(bytes);
    const { header } = backup.finish();
    restorer.finish();
    await listener.close();
    assertEquals([machine.size, machine.revision, header.revision], [300, 301, 301]);
    assertEquals(Number(header.point.last.index), 300);
    assertEquals(header.identity.clusterId, port.clusterId);
    assertEquals(port.reads.at(-1)?.consistency, "linearizable");
  });
}
