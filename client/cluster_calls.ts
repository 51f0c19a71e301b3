/**
 * What a client asks of the cluster itself: who is there, who leads, and to change that.
 *
 * @module
 */

import {
  isClusterStatus,
  isHealthAnswer,
  isLeaderAnswer,
  isMembersAnswer,
  type Shape,
} from "./answers.ts";
import type { Kv } from "./kv.ts";
import type { OperationFields, OperationName } from "./operation.ts";
import type { RequestOptions } from "./request_options.ts";
import type { Requester } from "./requester.ts";

/** The calls. */
export type ClusterCalls = Pick<
  Kv,
  "status" | "leader" | "members" | "changeMembers" | "moveLeader" | "health"
>;

/** The calls through a requester. */
export function clusterCalls(requester: Requester): ClusterCalls {
  const ask = <T>(op: OperationName, shape: Shape<T>, options: RequestOptions) =>
    requester.read({ op, fields: {}, shape, prefer: "any" }, options);
  const order = <T>(
    op: OperationName,
    shape: Shape<T>,
    { fields, options }: { readonly fields: OperationFields; readonly options: RequestOptions },
  ) => requester.order({ op, fields, shape, prefer: "leader" }, options);
  return {
    status: (options = {}) => ask("status", isClusterStatus, options),
    leader: (options = {}) => ask("leader", isLeaderAnswer, options),
    health: (options = {}) => ask("health", isHealthAnswer, options),
    members: ({ consistency, ...options } = {}) => {
      const prefer = consistency === "stale" ? "any" : "leader";
      const fields = { consistency };
      return requester.read({ op: "members", fields, shape: isMembersAnswer, prefer }, options);
    },
    changeMembers: (change, options = {}) =>
      order("changeMembers", isMembersAnswer, { fields: { ...change }, options }),
    moveLeader: (member, options = {}) =>
      order("moveLeader", isLeaderAnswer, { fields: { member }, options }),
  };
}
