/**
 * Responses of the app: JSON, with headers that tell which node speaks and whom it follows.
 *
 * @module
 */

import { failureReply } from "./failures.ts";
import type { KvFailure } from "@raftkv/core/api";
import type { KvPort } from "./kv_port.ts";
import { type Served, serverTiming } from "./served.ts";
import { streamedResponse } from "./streamed.ts";

/** What differs from an ordinary 200. */
export interface ReplyOptions {
  /** The HTTP status; 200 if not given. */
  readonly status?: number;
  /** The revision that the answer reflects, if it is not the one the node has now. */
  readonly revision?: number;
  /** How the request was served. */
  readonly served?: Served;
  /** Headers besides those of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** JSON text as a response. The line feed at its end is for people at a terminal. */
export function reply(port: KvPort, json: string, options: ReplyOptions = {}): Response {
  return new Response(`${json}\n`, {
    status: options.status ?? 200,
    headers: {
      "content-type": "application/json",
      // A cached answer would break the promise of a linearizable read.
      "cache-control": "no-store",
      // Values are whatever people put there: no browser is to guess that one is a page.
      "x-content-type-options": "nosniff",
      ...originHeaders(port, options),
      ...options.headers,
    },
  });
}

/** A failure as a response. */
export function replyFailure(
  port: KvPort,
  failure: KvFailure,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { status, json, headers: own } = failureReply(failure);
  return reply(port, json, { status, headers: { ...own, ...headers } });
}

/** Bytes as a response, at once or as a stream. */
export function replyBytes(
  port: KvPort,
  body: Uint8Array | ReadableStream<Uint8Array>,
  options: ReplyOptions & { readonly type?: string },
): Response {
  const headers = {
    "content-type": options.type ?? "application/octet-stream",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...originHeaders(port, options),
    ...options.headers,
  };
  return body instanceof Uint8Array
    ? new Response(body.slice(), { headers })
    : streamedResponse(body, { headers });
}

/** Text of another type than JSON as a response. */
export function replyText(
  port: KvPort,
  text: string,
  options: ReplyOptions & { readonly type: string },
): Response {
  return replyBytes(port, new TextEncoder().encode(text), options);
}

/** What the client holds is what there is (RFC 9110, section 15.4.5). */
export function replyUnchanged(
  port: KvPort,
  held: { readonly etag: string; readonly revision: number; readonly served: Served },
): Response {
  return new Response(null, {
    status: 304,
    headers: { ...originHeaders(port, held), etag: held.etag },
  });
}

/** A response without a body. */
export function replyEmpty(port: KvPort, headers: Readonly<Record<string, string>>): Response {
  return new Response(null, {
    status: 204,
    headers: { ...originHeaders(port, {}), ...headers },
  });
}

function originHeaders(
  port: KvPort,
  { revision, served }: Pick<ReplyOptions, "revision" | "served">,
): Record<string, string> {
  const status = port.status();
  const headers: Record<string, string> = {
    "raftkv-node": port.nodeId,
    "raftkv-term": `${status.term}`,
    "raftkv-revision": `${revision ?? status.revision}`,
  };
  if (status.leaderId !== null) headers["raftkv-leader"] = status.leaderId;
  if (served !== undefined) Object.assign(headers, servingHeaders(served));
  return headers;
}

function servingHeaders({ consistency, stalenessMs, spans }: Served): Record<string, string> {
  const headers: Record<string, string> = {};
  if (consistency !== undefined) headers["raftkv-consistency"] = consistency;
  if (stalenessMs !== undefined) headers["raftkv-staleness-ms"] = `${Math.ceil(stalenessMs)}`;
  if (spans !== undefined) headers["server-timing"] = serverTiming(spans);
  return headers;
}
