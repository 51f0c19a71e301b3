/**
 * A request and response of `node:http` in the terms of `fetch`.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { KvFailure } from "@raftkv/core/api";
import { targetFailure, targetOf } from "./request_target.ts";
import { isStreamed } from "./streamed.ts";

/**
 * The request, or why it cannot be one. The target is looked at before: to build a `Request` is to
 * resolve `..` in it. Its host is a made-up one, since nothing here depends on it and the Host
 * header may hold anything.
 */
export function requestOf(incoming: IncomingMessage): Request | KvFailure {
  const method = incoming.method ?? "GET";
  if (UNKNOWN_TO_FETCH.has(method)) return new KvFailure("method_not_allowed");
  const { path, query } = targetOf(incoming.url ?? "/");
  const failure = targetFailure(path);
  if (failure !== null) return failure;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(`http://node${path}?${query}`, {
    method,
    headers: headersOf(incoming),
    body: hasBody ? bodyOf(incoming) : null,
  });
}

/** A request that has come, and the way back to its client. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** How long the client may take for an answer, or for a part of one. */
  readonly answerMsMax: number;
}

/**
 * Sends a response, its body as a whole if the app has it in memory, and reads on over what the app
 * has left of the request: a client that still sends would otherwise never come to the answer, and
 * breaking the connection would take the answer with it.
 */
export async function answer(exchange: Exchange, response: Response): Promise<void> {
  const { incoming, outgoing } = exchange;
  if (isStreamed(response) && response.body !== null) {
    incoming.removeAllListeners("data").resume();
    return await stream(exchange, response.body, response);
  }
  const body = await response.bytes();
  incoming.removeAllListeners("data").resume();
  if (outgoing.destroyed) return;
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  await taken(exchange, (onTaken) => outgoing.end(body, onTaken));
}

/** Sends a body as it is made, and no faster than the client takes it. */
async function stream(
  exchange: Exchange,
  body: ReadableStream<Uint8Array>,
  { status, headers }: Response,
): Promise<void> {
  const { outgoing } = exchange;
  const reader = body.getReader();
  outgoing.writeHead(status, Object.fromEntries(headers));
  try {
    while (!outgoing.destroyed) {
      const { done, value } = await reader.read();
      if (done) return await taken(exchange, () => outgoing.end());
      if (outgoing.write(value)) continue;
      await taken(exchange, (onTaken) => outgoing.once("drain", onTaken));
    }
  } finally {
    // Whatever broke: the client must not take what it has for the whole.
    outgoing.destroy();
    await reader.cancel().catch(() => {});
  }
}

/**
 * Resolves once the client has taken what it was sent, or is gone. One that does not read is let go:
 * it would keep what it was sent in memory for as long as it likes.
 */
function taken(
  { outgoing, answerMsMax }: Exchange,
  begin: (onTaken: () => void) => unknown,
): Promise<void> {
  return new Promise((resolve) => {
    // Who has gone says so only once.
    if (outgoing.destroyed) return resolve();
    const onEnd = () => {
      clearTimeout(timer);
      outgoing.off("close", onEnd);
      resolve();
    };
    const timer = setTimeout(() => {
      outgoing.destroy();
      onEnd();
    }, answerMsMax);
    outgoing.once("close", onEnd);
    begin(onEnd);
  });
}

/** The body as a stream that reads no further than it is asked to. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let isOpen = true;
  const once = (end: () => void) => () => {
    if (isOpen) end();
    isOpen = false;
  };
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      const fail = once(() => controller.error(new Error("The connection broke")));
      incoming.pause();
      incoming.on("data", (chunk: Uint8Array) => {
        if (!isOpen) return;
        controller.enqueue(chunk);
        incoming.pause();
      });
      incoming.on("end", once(() => controller.close()));
      incoming.on("error", fail);
      incoming.on("close", fail);
    },
    pull: () => {
      incoming.resume();
    },
    cancel: once(() => {}),
  }, { highWaterMark: 0 });
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  const { rawHeaders } = incoming;
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  return headers;
}

/** Methods that no `Request` may have. */
const UNKNOWN_TO_FETCH: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);
