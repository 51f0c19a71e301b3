/**
 * A state machine of the program's own as what a node replicates. Its commands and questions come
 * from the program itself; over HTTP such a node tells how it is, and nothing else.
 *
 * @module
 */

import { invariant, KvFailure } from "@raftkv/core";
import type { ReadMode, StateMachine } from "@raftkv/core/replica";
import type { Application, Front, FrontParts } from "./application.ts";
import { failureResponse } from "./failures.ts";
import { healthOf } from "./health.ts";
import type { TimeLimit } from "./kv_port.ts";
import { stateLostFailure } from "./refusals.ts";
import { ReplicaDesk } from "./replica_desk.ts";
import { pathOf } from "./request_target.ts";
import type { ClientSocket } from "./websocket/client_socket.ts";

/** A state machine on its way into a node, and the way to it afterwards. */
export class MachineApplication<Result> implements Application<Result> {
  /** What is replicated. */
  readonly machine: StateMachine<Result>;
  #front: MachineFront<Result> | null = null;

  /** Takes a machine that nothing was applied to. */
  constructor(machine: StateMachine<Result>) {
    this.machine = machine;
  }

  /** Begins to serve; called by the node. */
  open(parts: FrontParts<Result>): Front<Result> {
    this.#front = new MachineFront(parts);
    return this.#front;
  }

  /**
   * Proposes a command, on whichever node leads, and waits for its result.
   *
   * @throws {KvFailure} if it does not come to a result in time; its outcome says what is known
   */
  propose(payload: Uint8Array, limit: TimeLimit): Promise<Result> {
    return this.#opened().propose(payload, limit);
  }

  /**
   * Waits for a moment at which the machine shows every command that had a result before the call.
   *
   * @throws {KvFailure} if it does not come in time
   */
  readable(limit: TimeLimit): Promise<void> {
    return this.#opened().readable(limit);
  }

  /**
   * Makes sure that the machine shows some state of the cluster, however old.
   *
   * @throws {KvFailure} if it is empty because the node lost its state to damage
   */
  requireState(): void {
    if (this.#opened().isStateLost) throw stateLostFailure();
  }

  #opened(): MachineFront<Result> {
    invariant(this.#front !== null, "the node was started");
    return this.#front;
  }
}

class MachineFront<Result> extends ReplicaDesk<Result> implements Front<Result> {
  constructor(parts: FrontParts<Result>) {
    super(parts);
  }

  propose(payload: Uint8Array, limit: TimeLimit): Promise<Result> {
    return new Promise((resolve, reject) =>
      this.ask(limit, {
        inputOf: (requestId, deadlineMs) => ({ kind: "propose", requestId, payload, deadlineMs }),
        resolve: (reply) => {
          invariant(reply.kind === "applied", "a proposal ends in a result");
          resolve(reply.result);
        },
        reject,
      })
    );
  }

  readable(limit: TimeLimit): Promise<void> {
    const mode: ReadMode = "linearizable";
    return new Promise((resolve, reject) =>
      this.ask(limit, {
        inputOf: (requestId, deadlineMs) => ({ kind: "read", requestId, deadlineMs, mode }),
        resolve: () => resolve(),
        reject,
      })
    );
  }

  fetch(request: Request): Response {
    if (pathOf(request.url) !== "/health") {
      return failureResponse(new KvFailure("route_not_found"));
    }
    const answer = healthOf(this);
    return Response.json(answer, { status: answer.status === "ok" ? 200 : 503 });
  }

  acceptClient(socket: ClientSocket): void {
    socket.close(1008, "There is nothing to ask here");
  }

  onTurn(): void {
    // Nothing here follows the machine.
  }
}
