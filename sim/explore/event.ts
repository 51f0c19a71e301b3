/**
 * What may happen next in the explored cluster, as one small number each: millions of them are kept
 * to tell the way to a state.
 *
 * @module
 */

/** The kinds of events. */
export const KINDS = [
  "message",
  "timer",
  "silence",
  "propose",
  "read",
  "persisted",
  "crash",
] as const;

/** What happens. */
export type EventKind = typeof KINDS[number];

/** One step of the explored cluster. */
export interface Event {
  /** Where it happens: 0, 1 or 2. */
  readonly node: number;
  /** What happens. */
  readonly kind: EventKind;
  /**
   * The message, the command, or how much is known to be committed when a read begins; 1 for a crash
   * after which the batch on its way is found. Below 2^25.
   */
  readonly argument: number;
  /** Whether the disk finishes at once what it is given by this. */
  readonly keepsUp: boolean;
}

/** Packs an event. */
export function packEvent({ node, kind, argument, keepsUp }: Event): number {
  return ((argument * 8 + KINDS.indexOf(kind)) * 2 + (keepsUp ? 1 : 0)) * 3 + node;
}

/** Inverse of {@linkcode packEvent}. */
export function unpackEvent(packed: number): Event {
  const rest = Math.floor(packed / 3);
  return {
    node: packed % 3,
    kind: KINDS[(rest >> 1) & 7] as EventKind,
    argument: rest >> 4,
    keepsUp: (rest & 1) === 1,
  };
}
