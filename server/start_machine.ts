/**
 * Starts a node that replicates a state machine of the program's own.
 *
 * @module
 */

import type { StateMachine } from "@raftkv/core/replica";
import type { NodeConfig } from "./config.ts";
import { MachineApplication } from "./machine_application.ts";
import type { RunningNode } from "./running_node.ts";
import { startApplication, type StartOptions } from "./start_node.ts";

/** How long a call may take. */
export interface MachineLimit {
  /** Milliseconds from the call to its end. */
  readonly timeoutMs: number;
}

/** A node that replicates a state machine. */
export interface MachineNode<Result> {
  /** The node itself. */
  readonly node: RunningNode;

  /**
   * Proposes a command, on whichever node leads, and waits for its result.
   *
   * @throws {KvFailure} if it does not come to a result in time; its outcome says what is known
   */
  propose(payload: Uint8Array, limit: MachineLimit): Promise<Result>;

  /**
   * Waits for a moment at which the machine shows every command that had a result before the call.
   *
   * @throws {KvFailure} if it does not come in time
   */
  readable(limit: MachineLimit): Promise<void>;

  /**
   * Makes sure that the machine shows some state of the cluster, however old.
   *
   * @throws {KvFailure} if it is empty because the node lost its state to damage
   */
  requireState(): void;
}

/**
 * Starts a node with a machine that nothing was applied to yet.
 *
 * @throws as {@linkcode startNode}
 */
export async function startMachine<Result>(
  machine: StateMachine<Result>,
  config: NodeConfig,
  options: StartOptions = {},
): Promise<MachineNode<Result>> {
  const application = new MachineApplication(machine);
  const node = await startApplication(application, config, options);
  return {
    node,
    propose: (payload, limit) => application.propose(payload, limit),
    readable: (limit) => application.readable(limit),
    requireState: () => application.requireState(),
  };
}
