/**
 * Which keys are meant.
 *
 * @module
 */

/** All keys with a prefix, or those from `start` on and before `end`; all keys if neither is given. */
export interface Selection {
  /** The beginning of the keys. Not together with `start` or `end`. */
  readonly prefix?: string;
  /** The first key. */
  readonly start?: string;
  /** The first key behind them. */
  readonly end?: string;
}

/** The fields that name a selection, without anything else that `options` may hold. */
export function selectionFields({ prefix, start, end }: Selection): Selection {
  return {
    ...prefix === undefined ? {} : { prefix },
    ...start === undefined ? {} : { start },
    ...end === undefined ? {} : { end },
  };
}
