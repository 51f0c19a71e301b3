/**
 * Which WebSockets a listener takes, and for whom.
 *
 * @module
 */

import { PEER_PATH } from "@raftkv/transport";
import { Origins } from "./origins.ts";
import { SUBPROTOCOL, WEBSOCKET_PATH } from "./websocket/client_socket.ts";

/**
 * Whether a request asks for a WebSocket. Who offers another protocol, as clients do that would rather
 * speak HTTP/2, is answered in this one: an offer may be passed over (RFC 9110, §7.8).
 */
export function asksForWebSocket(upgrade: string | null | undefined): boolean {
  return tokensOf(upgrade).includes("websocket");
}

/** The names in a header that lists some, in lower case. */
export function tokensOf(header: string | null | undefined): readonly string[] {
  return (header ?? "").toLowerCase().split(",").map((token) => token.trim());
}

/** What a request for a WebSocket says. */
export interface UpgradeRequest {
  /** The path of its target. */
  readonly path: string;
  /** The header that names the page it comes from; browsers always send it. */
  readonly origin: string | null;
  /** The header that names the address it was sent to. */
  readonly host: string | null;
  /** The header with the sub-protocols that the client speaks. */
  readonly protocols: string | null;
}

/** Who gets the socket, or why nobody does, as an HTTP status. */
export type Upgrade =
  | { readonly kind: "peer" }
  | { readonly kind: "client"; readonly protocol: string | null }
  | { readonly kind: "refused"; readonly status: 400 | 403 | 404 };

/** Decides about a request for a WebSocket. */
export function upgradeOf(request: UpgradeRequest, origins: Origins = NONE): Upgrade {
  const { path, origin, host, protocols } = request;
  switch (path) {
    case PEER_PATH:
      // Browsers let any page open sockets to localhost; peers never name an origin. Without this
      // rule a page could try to speak Raft to a node on its reader's machine.
      return origin === null ? { kind: "peer" } : refused(403);
    case WEBSOCKET_PATH: {
      if (origin !== null && origins.standingOf(origin, host) === "foreign") return refused(403);
      if (protocols === null) return { kind: "client", protocol: null };
      const offered = protocols.split(",").map((name) => name.trim());
      return offered.includes(SUBPROTOCOL)
        ? { kind: "client", protocol: SUBPROTOCOL }
        : refused(400);
    }
    default:
      return refused(404);
  }
}

const NONE = new Origins();

function refused(status: 400 | 403 | 404): Upgrade {
  return { kind: "refused", status };
}
