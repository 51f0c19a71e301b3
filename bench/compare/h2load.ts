/**
 * A closed loop of gRPC clients for etcd: `h2load` from Debian's package `nghttp2-client`. A call of
 * gRPC is a POST over HTTP/2 with a framed message. h2load sends one body, so all calls are of one
 * key, which if anything favours etcd.
 *
 * @module
 */

import { connect } from "node:http2";
import { quantile } from "./statistics.ts";
import type { LoadResult } from "./wrk.ts";

/** A call of etcd's KV service. */
export interface GrpcCall {
  readonly method: "Put" | "Range";
  /** The message in its frame. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A write of one key. */
export function putCall(key: string, value: string): GrpcCall {
  return { method: "Put", body: framed([...field(1, key), ...field(2, value)]) };
}

/** A linearizable read of one key. */
export function rangeCall(key: string): GrpcCall {
  return { method: "Range", body: framed(field(1, key)) };
}

/** Loads one node of etcd. */
export async function grpcLoop(
  url: string,
  { call, clients, seconds }: {
    readonly call: GrpcCall;
    readonly clients: number;
    readonly seconds: number;
  },
): Promise<LoadResult> {
  await checkOnce(url, call);
  const directory = await Deno.makeTempDir();
  try {
    const [body, log] = [`${directory}/body`, `${directory}/log`];
    await Deno.writeFile(body, call.body);
    const args = [
      ...["-D", `${seconds}`, "-c", `${clients}`, "-m", "1", "-t", "1", "-d", body],
      ...["-H", "content-type: application/grpc", "-H", "te: trailers"],
      ...[`--log-file=${log}`, url + pathOf(call)],
    ];
    const command = new Deno.Command("bash", {
      args: ["-c", 'TIMEFORMAT="cpu %U %S"; time h2load "$@"', "h2load", ...args],
    });
    const { stdout, stderr } = await command.output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return resultOf(said, { log: await Deno.readTextFile(log), seconds });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function pathOf({ method }: GrpcCall): string {
  return `/etcdserverpb.KV/${method}`;
}

/** h2load does not look at `grpc-status`, which stands in the trailers of an answer of status 200. */
async function checkOnce(url: string, call: GrpcCall): Promise<void> {
  const session = connect(url);
  try {
    const status = await new Promise<unknown>((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({
        ":method": "POST",
        ":path": pathOf(call),
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("response", (headers) => {
        if (headers["grpc-status"] !== undefined) resolve(headers["grpc-status"]);
      });
      stream.on("trailers", (headers) => resolve(headers["grpc-status"]));
      stream.on("error", reject);
      stream.resume();
      stream.end(call.body);
    });
    if (`${status}` !== "0") throw new Error(`Cannot call ${pathOf(call)}: grpc-status ${status}`);
  } finally {
    session.destroy();
  }
}

function resultOf(
  said: string,
  { log, seconds }: { readonly log: string; readonly seconds: number },
): LoadResult {
  const [, rate] = /^finished in \S+, ([\d.]+) req\/s/m.exec(said) ?? [];
  const [, user, system] = /^cpu ([\d.]+) ([\d.]+)$/m.exec(said) ?? [];
  const [, failed, errored, timeout] = /(\d+) failed, (\d+) errored, (\d+) timeout/.exec(said) ??
    [];
  if (rate === undefined || user === undefined) throw new Error(`Cannot read h2load: ${said}`);
  if ([failed, errored, timeout].some((count) => count !== "0")) {
    throw new Error(`Cannot use a load: ${said}`);
  }
  // Each line: when it began, the status, how long it took, all times in microseconds.
  const times = log.trimEnd().split("\n").map((line) => Number(line.split("\t")[2]) / 1_000);
  times.sort((a, b) => a - b);
  return {
    rate: Number(rate),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    generatorCores: (Number(user) + Number(system)) / seconds,
  };
}

/** A length-delimited field of a message of protocol buffers. */
function field(number: number, text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [number << 3 | 2, ...varint(bytes.length), ...bytes];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [value & 127 | 128, ...varint(value >>> 7)];
}

/** The frame of gRPC: not compressed, and the length in four bytes. */
function framed(message: readonly number[]): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(5 + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, 5);
  return frame;
}
