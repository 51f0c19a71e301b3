/**
 * What no write can be faster than here: a leader's sync beside a round trip to a follower that syncs
 * before it answers; and that with HTTP around it. Sockets and files are those of the product, and
 * nothing else is.
 *
 * `deno bench --allow-net=127.0.0.1 --allow-read --allow-write --allow-run --allow-env bench/limit_bench.ts`
 *
 * @module
 */

import { dialWs } from "../transport/dial_ws.ts";
import { DEAF, peerSocketOf } from "../transport/peer_socket.ts";

const ENTRY = crypto.getRandomValues(new Uint8Array(320));
/** More than a run of the bench writes: a sync that makes the file grow takes longer. */
const FILE_BYTES = 33_554_432;
const PEER = "--peer";

if (Deno.args.includes(PEER)) await answerSynced();
else measure(await startPeer());

/** Syncs what comes before it answers, or answers at once if nothing is in it. */
async function answerSynced(): Promise<void> {
  const file = await writtenFile();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    const leader = peerSocketOf(socket);
    const answer = async (entry: Uint8Array) => {
      if (entry.length > 0) await sync(file, entry);
      leader.send(new Uint8Array(8));
    };
    leader.listen({ ...DEAF, onMessage: (entry) => void answer(entry) });
    return response;
  });
  console.log(server.addr.port);
}

function measure(ask: (entry: Uint8Array<ArrayBuffer>) => Promise<void>): void {
  const file = writtenFile();
  Deno.bench("a sync", async () => await sync(await file, ENTRY));
  Deno.bench("a round trip", async () => await ask(new Uint8Array(0)));
  const write = async () => {
    await Promise.all([sync(await file, ENTRY), ask(ENTRY)]);
  };
  Deno.bench("a sync beside a round trip with a sync", write);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      await request.bytes();
      await write();
      return new Response("{}");
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  Deno.bench("the same behind an HTTP request", async () => {
    await (await fetch(url, { method: "PUT", body: ENTRY })).bytes();
  });
}

/** Another process; sends it an entry and waits for its answer. */
async function startPeer(): Promise<(entry: Uint8Array<ArrayBuffer>) => Promise<void>> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", import.meta.url, PEER],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  globalThis.addEventListener("unload", () => child.kill("SIGKILL"));
  const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const follower = dialWs(`ws://127.0.0.1:${Number(value)}/`);
  let answered = () => {};
  const handlers = { ...DEAF, onMessage: () => answered() };
  await new Promise<void>((resolve) => follower.listen({ ...handlers, onOpen: resolve }));
  return (entry) =>
    new Promise((resolve) => {
      answered = resolve;
      follower.send(entry);
    });
}

async function writtenFile(): Promise<Deno.FsFile> {
  const path = await Deno.makeTempFile();
  const file = await Deno.open(path, { write: true });
  const blank = new Uint8Array(65_536);
  for (let at = 0; at < FILE_BYTES; at += blank.length) file.writeSync(blank);
  await file.sync();
  file.seekSync(0, Deno.SeekMode.Start);
  // Nobody else needs the name, and an open file outlives it.
  await Deno.remove(path);
  return file;
}

async function sync(file: Deno.FsFile, entry: Uint8Array): Promise<void> {
  file.writeSync(entry);
  await file.syncData();
}
