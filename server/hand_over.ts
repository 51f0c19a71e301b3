/**
 * How a node that has handed its leadership over waits until the others know of the new leader.
 *
 * @module
 */

/** What the wait is made of. */
export interface NewsOfHeir {
  /** Asks the others; whether any that answers still takes this node for the leader. */
  readonly isStillFollowed: (timeoutMs: number) => Promise<boolean>;
  /** The monotonic clock in milliseconds. */
  readonly nowMs: () => number;
  /** Lets so many milliseconds pass. */
  readonly pause: (ms: number) => Promise<void>;
}

/**
 * Resolves once nobody that answers follows this node any more, at the latest at `untilMs`. Hardly ever
 * is a second question needed: the heir tells all of itself before it answers. Whoever does not hear it
 * (a link of theirs is down, a disk hangs) is asked again after `pauseMs`, for nothing that this node
 * does brings the news there sooner.
 */
export async function untilHeirIsKnown(
  { isStillFollowed, nowMs, pause }: NewsOfHeir,
  { untilMs, pauseMs }: { readonly untilMs: number; readonly pauseMs: number },
): Promise<void> {
  for (;;) {
    const leftMs = untilMs - nowMs();
    if (leftMs <= 0 || !await isStillFollowed(leftMs)) return;
    await pause(Math.min(pauseMs, Math.max(0, untilMs - nowMs())));
  }
}
