/**
 * Why what was forwarded did not come to an answer, as a byte.
 *
 * @module
 */

import type { ProposalFailure } from "../raft/message.ts";
import { Tags } from "./tags.ts";

/** The byte of each reason. */
export const PROPOSAL_FAILURES: Tags<ProposalFailure> = new Tags<ProposalFailure>({
  not_leader: 1,
  no_leader: 2,
  overloaded: 3,
  stopping: 4,
  lost: 5,
  unknown: 6,
  storage_full: 7,
});
