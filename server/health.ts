/**
 * Whether a node can serve, and why not if it cannot.
 *
 * @module
 */

import type { HealthAnswer } from "@raftkv/core/api";
import type { NodeStatus } from "@raftkv/core/raft";

/** What a node's health rests on. */
export interface Ailing {
  readonly nodeId: string;
  readonly isRemoved: boolean;
  readonly isStopping: boolean;
  readonly isStateLost: boolean;
  status(): Pick<NodeStatus, "role" | "leaderId">;
}

/** How a node is; the first of its reasons, if it cannot serve. */
export function healthOf(ailing: Ailing): HealthAnswer {
  const { role, leaderId } = ailing.status();
  const node = { nodeId: ailing.nodeId, role, leaderId };
  const reason = reasonOf(ailing, leaderId);
  return reason === null ? { status: "ok", ...node } : { status: "unavailable", ...node, reason };
}

/** The first that applies: a node that ends or has no state is of no use with a leader, either. */
function reasonOf(
  { isRemoved, isStopping, isStateLost }: Ailing,
  leaderId: string | null,
): string | null {
  if (isRemoved) return "removed";
  if (isStopping) return "stopping";
  if (isStateLost) return "state_lost";
  return leaderId === null ? "no_leader" : null;
}
