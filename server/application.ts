/**
 * What a node replicates, and how it is reached: the key-value store, or a state machine of the
 * program that starts the node. The rest of a node is the same for both.
 *
 * @module
 */

import type { Input, MemberStatus, Replica, Reply, StateMachine } from "@raftkv/core/replica";
import type { ClientSocket } from "./websocket/client_socket.ts";
import type { ChangeRequest, Membership, TimeLimit } from "./kv_port.ts";

/** What a node needs for its own duties, of whatever stands in front of its replica. */
export interface ClusterDesk {
  /** The id of the cluster. */
  readonly clusterId: string;
  /** Changes the membership, on whichever node leads. */
  changeMembership(request: ChangeRequest, limit: TimeLimit): Promise<Membership>;
  /** Asks every member how it is. */
  clusterStatus(limit: TimeLimit): Promise<readonly MemberStatus[]>;
}

/** What an application is opened with. */
export interface FrontParts<Result> {
  /** The id of the cluster. */
  readonly clusterId: string;
  /** What is replicated. */
  readonly replica: Replica<Result>;
  /** Hands an input to the replica. */
  readonly push: (input: Input) => void;
  /** The monotonic clock in milliseconds. */
  readonly nowMs: () => number;
  /** Takes what was thrown and not foreseen. */
  readonly onInternalError: (thrown: unknown) => void;
}

/** An application at work. */
export interface Front<Result> extends ClusterDesk {
  /** Answers a request. */
  fetch(request: Request): Response | Promise<Response>;
  /** Takes a client's socket. */
  acceptClient(socket: ClientSocket): void;
  /** A request of its own has ended. */
  onReply(reply: Reply<Result>): void;
  /** The replica has taken its inputs: anything may have been applied. */
  onTurn(): void;
  /** The node begins to stop: what comes from now on is refused. */
  beginStop(stop: { readonly isRemoved: boolean }): void;
  /** The node has stopped: nobody will answer what still waits. */
  abandon(): void;
}

/** What a node replicates. */
export interface Application<Result> {
  /** Empty; a snapshot may be restored into it before it is opened. */
  readonly machine: StateMachine<Result>;
  /** Begins to serve. */
  open(parts: FrontParts<Result>): Front<Result>;
}
