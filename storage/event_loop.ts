/**
 * Gives way to everything else that waits to run.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** Resolves in the next turn of the event loop, without the milliseconds a timer would add. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
