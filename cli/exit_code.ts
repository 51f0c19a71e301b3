/**
 * What the program's exit code says to scripts.
 *
 * @module
 */

/** The exit codes, which are part of the program's interface. */
export const EXIT: {
  /** Done. */
  readonly ok: 0;
  /** Failed, and certainly without effect. */
  readonly failed: 1;
  /** The command line or the configuration makes no sense; nothing was tried. */
  readonly usage: 2;
  /** A write may or may not have been applied. */
  readonly unknown: 3;
  /** There is no such key, lease or member. */
  readonly notFound: 4;
  /** A file does not hold what it should: it is damaged, cut off, or not what it is taken for. */
  readonly damaged: 5;
  /** The node's state is not that of the others: it must not be started on its data again. */
  readonly diverged: 6;
  /** The node may have forgotten what it promised: it must be replaced by another. */
  readonly lost: 7;
  /** The node is no member of its cluster: it must not be started on its data again. */
  readonly notAMember: 8;
} = {
  ok: 0,
  failed: 1,
  usage: 2,
  unknown: 3,
  notFound: 4,
  damaged: 5,
  diverged: 6,
  lost: 7,
  notAMember: 8,
};

/** One of {@linkcode EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
