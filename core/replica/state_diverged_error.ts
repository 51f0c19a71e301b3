/**
 * The end of a replica whose state is not that of the others.
 *
 * @module
 */

import type { LogIndex, NodeId } from "../raft/ids.ts";

/**
 * Replicas that applied the same entries came to different states, and this one has no majority on
 * its side. It must vote, answer and acknowledge nothing more: its log may be whole, but what it
 * says of its state is wrong, or cannot be told from wrong.
 */
export class StateDivergedError extends Error {
  /** Always `StateDivergedError`. */
  override readonly name = "StateDivergedError";
  /** The entry after which the states were compared. */
  readonly index: LogIndex;
  /** The hash of this replica's state there. */
  readonly own: string;
  /** The hashes that others told of theirs. */
  readonly heard: ReadonlyMap<NodeId, string>;

  /** Builds the message from the hashes. */
  constructor(
    found: {
      readonly index: LogIndex;
      readonly own: string;
      readonly heard: ReadonlyMap<NodeId, string>;
    },
  ) {
    const others = found.heard.entries().map(([peer, hash]) => `${hash} on ${peer}`).toArray();
    super(
      `Cannot go on with this state: After entry ${found.index} its hash is ${found.own} here, ` +
        others.sort().join(", "),
    );
    this.index = found.index;
    this.own = found.own;
    this.heard = new Map(found.heard);
  }
}
