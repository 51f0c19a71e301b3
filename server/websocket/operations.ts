/**
 * The operations that can be asked for in a message, by name.
 *
 * @module
 */

import { leader, status } from "../operations/cluster.ts";
import {
  leaseGrant,
  leaseKeepAlive,
  leaseRevoke,
  leases,
  leaseTimeToLive,
} from "../operations/leases.ts";
import { changeMembers, members, moveLeader } from "../operations/members.ts";
import type { Operation } from "../operations/operation.ts";
import { get, range } from "../operations/read.ts";
import { compact, openSession } from "../operations/store.ts";
import { deleteRange, increment, put, remove, txn } from "../operations/write.ts";

/** By name, as which a message asks for them. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  ([
    get,
    range,
    put,
    remove,
    deleteRange,
    increment,
    txn,
    compact,
    openSession,
    leaseGrant,
    leaseKeepAlive,
    leaseRevoke,
    leaseTimeToLive,
    leases,
    status,
    leader,
    moveLeader,
    members,
    changeMembers,
  ] as Operation[]).map((operation) => [operation.name, operation]),
);
