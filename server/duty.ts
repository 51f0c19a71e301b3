/**
 * What a node does beside serving, as it looks after its place in the cluster.
 *
 * @module
 */

/** One such thing. It must be quick: most turns have nothing for it. */
export interface Duty {
  /** The replica has taken its inputs: anything may have changed. */
  onTurn(): void;
  /** The node ends: nothing is to be begun any more. */
  stop(): void;
}
