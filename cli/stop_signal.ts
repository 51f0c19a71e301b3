/**
 * Ctrl-C as a signal for whatever is under way.
 *
 * @module
 */

import type { Surroundings } from "./surroundings.ts";

/** A signal that is aborted when the program is asked to stop, until it is let go. */
export interface StopSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Listens for requests to stop. */
export function stopSignal(surroundings: Surroundings): StopSignal {
  const controller = new AbortController();
  const unlisten = surroundings.onStop(() =>
    controller.abort(new DOMException("The program was asked to stop", "AbortError"))
  );
  return { signal: controller.signal, [Symbol.dispose]: unlisten };
}
