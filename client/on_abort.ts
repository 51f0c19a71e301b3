/**
 * Listening to signals that many requests share: a client's own, or one that a program gives to all it
 * asks. Each has one listener, however many wait for it, since Node takes more than ten for a leak and
 * says so to the user.
 *
 * @module
 */

/** What waits for each signal. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back once the signal is aborted, unless the returned function is called before. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const known = waiting.get(signal);
  const callbacks = known ?? new Set();
  if (known === undefined) {
    waiting.set(signal, callbacks);
    signal.addEventListener("abort", () => callbacks.forEach((call) => call()), { once: true });
  }
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}
