/**
 * A state machine that several nodes keep together, as one node of them sees it.
 *
 * @module
 */

import type { RunningNode } from "@raftkv/server";

/** How long a call may take. */
export interface MachineCallOptions {
  /** Milliseconds; 5,000 if not given. */
  readonly timeoutMs?: number;
  /** Ends the waiting, with its reason; a command may still be carried out then. */
  readonly signal?: AbortSignal;
}

/** How fresh the answer to a question must be. */
export interface MachineQueryOptions extends MachineCallOptions {
  /**
   * `linearizable` (if not given) sees every command that had a result before; `stale` is answered
   * by this node, from what it knows.
   */
  readonly consistency?: "linearizable" | "stale";
}

/** A command that the state machine did not take: its `apply` threw, on every node alike. */
export class CommandRefused extends Error {
  /** Always `CommandRefused`. */
  override readonly name = "CommandRefused";
}

/** A replicated state machine. Closing it closes the node. */
export interface MachineGroup<Command, Result, Query, Answer> extends AsyncDisposable {
  /** The node itself. */
  readonly node: RunningNode;

  /**
   * Has a command carried out on all nodes, and resolves to its result.
   *
   * @throws {CommandRefused} if `apply` threw; nothing has changed then
   * @throws {KvFailure} if it came to no result in time; its `outcome` says what is known
   */
  propose(command: Command, options?: MachineCallOptions): Promise<Result>;

  /**
   * Asks the state.
   *
   * @throws {KvFailure} if nobody leads, so that nobody knows what is the latest; of a stale question,
   *   if the node lost its state to damage and has no other yet
   */
  query(query: Query, options?: MachineQueryOptions): Promise<Answer>;

  /** Hands over what the node leads, finishes what is under way, closes its files. */
  close(): Promise<void>;
}
