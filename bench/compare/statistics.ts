/**
 * What many rounds come to.
 *
 * @module
 */

/** The middle of several figures and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of at least one figure. */
export function spreadOf(figures: readonly number[]): Spread {
  if (figures.length === 0) throw new RangeError("Cannot take the median of no figures");
  const sorted = figures.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: sorted[0]!, max: sorted.at(-1)! };
}

/** The figure below which a share of the sorted figures lies. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  // Without this two infinities would make no number.
  return below === above ? below : below + (above - below) * (place - Math.floor(place));
}
