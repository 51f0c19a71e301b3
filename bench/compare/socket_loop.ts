/**
 * Load over RaftKV's WebSocket: many writes under way on one connection, and many watches.
 *
 * @module
 */

import { cpuUsage } from "node:process";
import { quantile } from "./statistics.ts";
import type { LoadResult } from "./wrk.ts";

/** A message to send, without its id. */
export type SocketRequest = Readonly<Record<string, unknown>>;

/** Keeps so many requests under way for so long; each answer lets the next one out. */
export async function socketLoop(
  url: string,
  { requestOf, inFlight, seconds }: {
    readonly requestOf: (number: number) => SocketRequest;
    readonly inFlight: number;
    readonly seconds: number;
  },
): Promise<LoadResult> {
  const socket = await opened(url);
  const startedMs = new Map<number, number>();
  const latencies: number[] = [];
  const startMs = performance.now();
  const before = cpuUsage();
  const endMs = startMs + seconds * 1_000;
  let sent = 0;
  const send = (count: number) => {
    const nowMs = performance.now();
    const messages = Array.from({ length: count }, () => {
      const id = ++sent;
      startedMs.set(id, nowMs);
      return { id, ...requestOf(id) };
    });
    socket.send(JSON.stringify(messages));
  };
  await new Promise<void>((resolve, reject) => {
    socket.onclose = () => reject(new Error("Cannot go on: The socket was closed"));
    socket.onmessage = ({ data }) => {
      const parsed = JSON.parse(data);
      const nowMs = performance.now();
      let answers = 0;
      for (const { id, error } of Array.isArray(parsed) ? parsed : [parsed]) {
        if (error !== undefined) return reject(new Error(`Cannot use a load: ${error.message}`));
        const began = startedMs.get(id);
        if (began === undefined) continue;
        startedMs.delete(id);
        latencies.push(nowMs - began);
        answers += 1;
      }
      if (nowMs >= endMs) resolve();
      else if (answers > 0) send(answers);
    };
    send(inFlight);
  });
  const elapsedMs = performance.now() - startMs;
  const { user, system } = cpuUsage(before);
  socket.onclose = null;
  socket.close();
  const rate = latencies.length / (elapsedMs / 1_000);
  latencies.sort((a, b) => a - b);
  return {
    rate,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    generatorCores: (user + system) / 1_000 / elapsedMs,
  };
}

const WATCHES_PER_SOCKET = 1_000;

/** Milliseconds from a write until the last of so many watches of it was told. */
export async function lastWatcher(url: string, watches: number): Promise<number> {
  const count = Math.ceil(watches / WATCHES_PER_SOCKET);
  const sockets = await Promise.all(Array.from({ length: count }, () => opened(url)));
  let told = 0;
  const all = Promise.withResolvers<number>();
  const begun = sockets.map((socket, at) =>
    new Promise<void>((resolve) => {
      const size = Math.min(WATCHES_PER_SOCKET, watches - at * WATCHES_PER_SOCKET);
      let confirmed = 0;
      socket.onmessage = ({ data }) => {
        const parsed = JSON.parse(data);
        for (const { type, result } of Array.isArray(parsed) ? parsed : [parsed]) {
          if (result !== undefined && ++confirmed === size) resolve();
          if (type === "events" && ++told === watches) all.resolve(performance.now());
        }
      };
      const messages = Array.from({ length: size }, (_, number) => ({
        id: number + 1,
        op: "watch",
        prefix: "watched/",
      }));
      socket.send(JSON.stringify(messages));
    })
  );
  await Promise.all(begun);
  const startMs = performance.now();
  const body = JSON.stringify({ value: 1 });
  await (await fetch(`${url}/v1/kv/watched%2Fkey`, { method: "PUT", body })).body?.cancel();
  const lastMs = await all.promise;
  for (const socket of sockets) socket.close();
  return lastMs - startMs;
}

/** A socket whose node has said who it is. */
async function opened(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/ws`, "raftkv.v1");
  await new Promise<void>((resolve, reject) => {
    socket.onmessage = () => resolve();
    socket.onerror = () => reject(new Error(`Cannot open a socket to ${url}`));
  });
  return socket;
}
