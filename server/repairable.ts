/**
 * Whether what a node lost to damage can be had from others.
 *
 * @module
 */

import { type DurableState, isLost, isStateLost, type Member } from "@raftkv/core/raft";
import { CorruptLogError } from "@raftkv/storage";
import { recoveredMembers } from "./recovered_members.ts";

/**
 * Refuses a damaged directory of a node that is alone: it would wait for ever for what nobody has.
 *
 * @param members Those of the node's configuration, in force as long as its log says nothing else.
 * @throws {CorruptLogError} if entries or the state are lost and there is no other member
 */
export function checkRepairable(
  recovered: DurableState,
  { directory, members }: { readonly directory: string; readonly members: readonly Member[] },
): void {
  const covered = recovered.snapshot?.last.index ?? 0;
  const lost = recovered.entries.filter((entry) => isLost(entry) && entry.index > covered);
  const [first] = lost;
  if (first === undefined && !isStateLost(recovered)) return;
  const known = recoveredMembers(recovered) ?? members;
  if (known.length > 1) return;
  const what = first === undefined
    ? "No sound snapshot reaches its log"
    : `Entry ${first.index} of its log is damaged`;
  const reason = `${what}, and there is no other member to have it from: restore a backup`;
  throw new CorruptLogError({ file: directory, offsetBytes: null, reason });
}
