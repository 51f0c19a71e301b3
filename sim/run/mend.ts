/**
 * The end of a storm: everything that can be mended is.
 *
 * @module
 */

import { FileStorage } from "../file_storage.ts";
import { CALM_NETWORK } from "../network.ts";
import type { World } from "./fault.ts";

/** Ends all faults, and starts every node that still has a disk. Clocks keep their rates. */
export function calm(world: World): void {
  world.trace.note("* all faults end");
  world.network.heal();
  world.network.options = CALM_NETWORK;
  world.syncMsMax = 1;
  for (const node of world.nodes) {
    node.resume();
    node.turnMs = 0;
    node.storage.mend();
    if (node.storage instanceof FileStorage) node.storage.repair();
    if (node.isStopping) world.crash(node.id);
    if (!node.isUp && world.hasStarted(node.id)) world.start(node.id);
  }
}
