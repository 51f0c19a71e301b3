/**
 * The runtime's own server: twice as fast, but without limits on headers, idle connections or the
 * frames of a WebSocket, hence for loopback.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { peerSocketOf } from "@raftkv/transport";
import { failureResponse } from "./failures.ts";
import { type Listener, type ListenerOptions, PortTakenError } from "./listener_options.ts";
import { pathOf } from "./request_target.ts";
import { RequestsUnderWay } from "./requests_under_way.ts";
import { isStreamed } from "./streamed.ts";
import { asksForWebSocket, tokensOf, upgradeOf } from "./upgrade.ts";
import { clientSocketOf } from "./websocket/client_socket.ts";

/**
 * Listens with `Deno.serve`.
 *
 * @throws {PortTakenError} if another program has the port
 */
export function listenNative(options: ListenerOptions): Listener {
  const underWay = new RequestsUnderWay();
  const abort = new AbortController();
  let isClosing = false;
  const answered = async (request: Request) => {
    const response = await options.fetch(request);
    return isStreamed(response) ? underWay.whileSent(response) : response;
  };
  const server = serve(options, abort.signal, (request) => {
    if (isClosing) return failureResponse(new KvFailure("stopping"));
    const failure = authorityFailure(request);
    if (failure !== null) return failureResponse(failure);
    if (isUpgrade(request)) return upgrade(request, options);
    return underWay.until(answered(request));
  });
  return {
    host: server.addr.hostname,
    port: server.addr.port,
    close: async () => {
      isClosing = true;
      const { closeMsMax } = options.limits;
      const endMs = performance.now() + closeMsMax;
      // `shutdown` cannot be cut short: to abort after it throws, so requests are waited for first.
      if (!await underWay.none(closeMsMax)) {
        abort.abort();
        return await server.finished;
      }
      void underWay.until(server.shutdown());
      // It waits for every client that does not take its answer, owes the rest of a request that has
      // been answered, or holds an HTTP/2 connection. Nothing breaks those, nor does `unref` let the
      // runtime end before them: a program that must end then has to exit.
      await underWay.none(endMs - performance.now());
    },
  };
}

function serve(
  { host, port }: ListenerOptions,
  signal: AbortSignal,
  handler: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: host, port, signal, onListen: () => {}, handler });
  } catch (error) {
    throw error instanceof Deno.errors.AddrInUse ? new PortTakenError(host, port) : error;
  }
}

function isUpgrade(request: Request): boolean {
  return request.method === "GET" && asksForWebSocket(request.headers.get("upgrade"));
}

function upgrade(request: Request, options: ListenerOptions): Response {
  const { headers } = request;
  if (!isHandshake(headers)) {
    return new Response(null, { status: 400, headers: { "sec-websocket-version": VERSION } });
  }
  const asked = upgradeOf({
    path: pathOf(request.url),
    origin: headers.get("origin"),
    host: headers.get("host"),
    protocols: headers.get("sec-websocket-protocol"),
  }, options.origins);
  switch (asked.kind) {
    case "refused":
      return new Response(null, { status: asked.status });
    case "peer": {
      // A link between peers may be quiet for long: Raft's own heartbeats tell whether it lives.
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
      options.onPeerSocket(peerSocketOf(socket));
      return response;
    }
    case "client": {
      const { protocol } = asked;
      const idleTimeout = Math.max(1, Math.round(options.limits.idleMsMax / 1_000));
      const { socket, response } = Deno.upgradeWebSocket(request, {
        idleTimeout,
        ...(protocol === null ? {} : { protocol }),
      });
      options.onClientSocket(clientSocketOf(socket));
      return response;
    }
  }
}

/** The version of the protocol that RFC 6455 describes. */
const VERSION = "13";

/**
 * Whether a request for a WebSocket is one by RFC 6455, §4.2.1. Of what is missing the runtime makes an
 * internal error, and prints it; what is wrong it does not see.
 */
function isHandshake(headers: Headers): boolean {
  return tokensOf(headers.get("connection")).includes("upgrade") &&
    headers.get("sec-websocket-version") === VERSION &&
    /^[\w+/]{22}==$/.test(headers.get("sec-websocket-key") ?? "");
}

/**
 * The runtime puts the Host header before the path without a look at it: with a slash in it, a
 * request for one path would be read as one for another.
 */
function authorityFailure(request: Request): KvFailure | null {
  const host = request.headers.get("host");
  if (host === null || /^[\w.:[\]-]*$/.test(host)) return null;
  return new KvFailure("invalid_argument", "The Host header is not a host and port.");
}
