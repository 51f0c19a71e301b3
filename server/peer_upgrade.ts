/**
 * Which WebSockets a listener takes.
 *
 * @module
 */

import { PEER_PATH } from "@raftkv/transport";

/** Why an upgrade is refused, as an HTTP status; null if it is taken. */
export function upgradeRefusal(path: string, origin: string | null): 403 | 404 | null {
  if (path !== PEER_PATH) return 404;
  // Browsers always name the page's origin, and let any page open sockets to localhost; peers never
  // do. Without this rule a page could try to speak Raft to a node on its reader's machine.
  return origin === null ? null : 403;
}
