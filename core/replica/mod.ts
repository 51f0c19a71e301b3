/**
 * The replica: Raft, a state machine and the clients that wait on both, without IO.
 *
 * @module
 */

export * from "./io.ts";
export { Replica, type ReplicaOptions } from "./replica.ts";
export * from "./state_diverged_error.ts";
export * from "./state_machine.ts";
