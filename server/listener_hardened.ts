/**
 * The server for addresses that strangers can reach: Node's, which has limits and timeouts for
 * everything a slow or greedy client may hold, with the `ws` package, which has them for frames.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { KvFailure } from "@raftkv/core/api";
import { AnswerOrder } from "./answer_order.ts";
import { failureResponse } from "./failures.ts";
import { type Listener, type ListenerOptions, PortTakenError } from "./listener_options.ts";
import { answer, requestOf } from "./node_exchange.ts";
import { Upgrades } from "./hardened_upgrades.ts";
import { RequestsUnderWay } from "./requests_under_way.ts";
import { asksForWebSocket } from "./upgrade.ts";

/**
 * Listens with `node:http`.
 *
 * @throws {PortTakenError} if another program has the port
 */
export async function listenHardened(options: ListenerOptions): Promise<Listener> {
  const { limits } = options;
  const underWay = new RequestsUnderWay();
  const order = new AnswerOrder();
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersMsMax,
    requestTimeout: limits.requestMsMax,
    keepAliveTimeout: limits.idleMsMax,
    connectionsCheckingInterval: Math.min(limits.headersMsMax, CHECKING_MS_MAX),
    ...UPGRADING,
  }, (incoming, outgoing) => {
    // A rejection that nobody takes would end the process, and with it the node.
    const answered = order.inTurn(
      incoming.socket,
      () => exchange(options, incoming, outgoing),
    );
    underWay.until(answered).catch(() => outgoing.destroy());
  });
  server.maxConnections = limits.connectionsMax;
  const upgrades = new Upgrades(options);
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    upgrades.onRequest(incoming, socket, head);
  });
  const address = await open(server, options);
  return {
    ...address,
    close: async () => {
      upgrades.close();
      await close(server, underWay, limits.closeMsMax);
    },
  };
}

/** Which requests are upgrades; the runtime's types do not know of it yet. */
const UPGRADING = {
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => asksForWebSocket(headers.upgrade),
};

/** How often Node looks for requests that are too slow. */
const CHECKING_MS_MAX = 1_000;

async function exchange(
  options: ListenerOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = requestOf(incoming);
  const response = request instanceof KvFailure
    ? failureResponse(request)
    : await options.fetch(request);
  await answer({ incoming, outgoing, answerMsMax: options.limits.answerMsMax }, response);
}

async function open(
  server: Server,
  { host, port }: ListenerOptions,
): Promise<{ readonly host: string; readonly port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? new PortTakenError(host, port) : error);
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null
    ? { host: address.address, port: address.port }
    : { host, port };
}

async function close(
  server: Server,
  underWay: RequestsUnderWay,
  closeMsMax: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await underWay.none(closeMsMax);
  // Node closes idle connections by itself, but here misses some that served a HEAD request.
  server.closeAllConnections();
  await closed;
}
