/**
 * What is drawn by chance in more than one place.
 *
 * @module
 */

import type { Random } from "@raftkv/core";

/** A time until something that happens so often on average, and at any moment as likely as at any other. */
export function anyTimeMs(random: Random, meanMs: number): number {
  return -meanMs * Math.log(1 - random());
}
