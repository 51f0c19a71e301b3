/**
 * Small sets, all of them.
 *
 * @module
 */

/** Every way to give each of `count` places one of `values`. */
export function* tuples<T>(values: readonly T[], count: number): Generator<T[]> {
  if (count === 0) return yield [];
  for (const rest of tuples(values, count - 1)) {
    for (const value of values) yield [...rest, value];
  }
}

/** Every subset, the empty one too. */
export function* subsets<T>(items: readonly T[]): Generator<T[]> {
  for (const keep of tuples([true, false], items.length)) yield items.filter((_, at) => keep[at]);
}
