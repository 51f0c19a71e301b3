/**
 * The seam between the app and the two servers that can carry it.
 *
 * @module
 */

import { isLoopback } from "./listen_address.ts";
import { listenHardened } from "./listener_hardened.ts";
import { listenNative } from "./listener_native.ts";
import type { Listener, ListenerOptions } from "./listener_options.ts";

/**
 * Opens a port: with the runtime's own server where only this machine can reach it, with the one
 * that has limits and timeouts where strangers can.
 *
 * @throws {PortTakenError} if another program has the port
 */
export async function listen(options: ListenerOptions): Promise<Listener> {
  return await (isLoopback(options.host) ? listenNative(options) : listenHardened(options));
}
