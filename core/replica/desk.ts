/**
 * What the places have in common at which clients wait.
 *
 * @module
 */

import type { NodeId } from "../raft/ids.ts";
import type { Envelope } from "../raft/message.ts";
import type { Reply } from "./io.ts";

/** One kind of clients' requests on their way. */
export interface Desk<Result> {
  /** How many have not ended. */
  readonly pendingCount: number;
  /** The link to a peer broke. */
  onPeerDown(peer: NodeId): void;
  /** The ends reached since the last call. */
  takeReplies(): Reply<Result>[];
  /** The messages to peers since the last call. */
  takeMessages(): Envelope[];
}
