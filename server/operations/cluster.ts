/**
 * What can be asked of the cluster: who is there, who leads.
 *
 * @module
 */

import {
  type ClusterStatusAnswer,
  KvFailure,
  type LeaderAnswer,
  type NodeStatusJson,
} from "@raftkv/core/api";
import type { MemberStatus } from "@raftkv/core/replica";
import { timeout } from "./fields.ts";
import { form, operation } from "./operation.ts";

/** Someone looks at the answer: a dead member is to cost less than the patience of a write. */
const STATUS_TIMEOUT_MS_DEFAULT = 1_000;

/** Shows every member. */
export const status = operation({
  name: "status",
  summary: "Shows every member of the cluster and how it is.",
  query: { timeout },
  ask: ({ timeout: timeoutMs = STATUS_TIMEOUT_MS_DEFAULT }) => ({
    kind: "node",
    answer: async (port) => {
      const members = await port.clusterStatus({ timeoutMs });
      const { leaderId, term } = port.status();
      const answer: ClusterStatusAnswer = {
        clusterId: port.clusterId,
        nodeId: port.nodeId,
        leaderId,
        term,
        nodes: members.map(nodeStatus),
      };
      return { json: JSON.stringify(answer) };
    },
  }),
});

/** Names the leader. */
export const leader = operation({
  name: "leader",
  summary: "Names the leader that the node follows, or is.",
  failures: ["no_leader"],
  ask: () => ({
    kind: "node",
    answer: (port) => {
      const { leaderId, term } = port.status();
      const member = port.members().find(({ id }) => id === leaderId);
      if (member === undefined) throw new KvFailure("no_leader", "This node knows of no leader.");
      const answer: LeaderAnswer = { id: member.id, url: member.url, term };
      return { json: JSON.stringify(answer) };
    },
  }),
});

/** Says whether the node can serve. */
export const health = form({
  name: "health",
  summary: "Says whether the node can serve: 200 if so, else 503 and as `reason` `no_leader`, " +
    "`state_lost` (to damage; it waits for a snapshot), `stopping` or `removed`.",
});

/** Sends the whole state. */
export const snapshot = form({
  name: "snapshot",
  summary: "Sends the whole state as a backup file, as it is made.",
  query: { timeout },
});

function nodeStatus({ member: { id, url }, status }: MemberStatus): NodeStatusJson {
  if (status === null) return { id, url, reachable: false };
  return {
    id,
    url,
    reachable: true,
    role: status.role,
    term: status.term,
    leaderId: status.leaderId,
    lastIndex: status.lastIndex,
    commitIndex: status.commitIndex,
    appliedIndex: status.appliedIndex,
    snapshotIndex: status.snapshotIndex,
    revision: status.revision,
  };
}
