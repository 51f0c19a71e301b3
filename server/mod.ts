/**
 * A RaftKV node: its configuration, its HTTP interface, and the composition of both with Raft,
 * storage and transport.
 *
 * ```ts no-assert
 * import { loadNodeConfig, startNode } from "@raftkv/server";
 *
 * const flags = { data: ":memory:", listen: "127.0.0.1:0" };
 * const config = loadNodeConfig({ flags, env: {}, file: null });
 * const node = await startNode(config);
 * console.log(node.url);
 * await node.close();
 * ```
 *
 * @module
 */

export { parseClusterList, parseNodeId, parseNodeUrl } from "./cluster_list.ts";
export { loadNodeConfig, MEMORY, NODE_SETTINGS, type NodeConfig } from "./config.ts";
export {
  ConfigError,
  type ConfigFile,
  type ConfigSources,
  type Setting,
  variableOf,
} from "./config_sources.ts";
export { LISTENER_LIMITS, type ListenerLimits, PortTakenError } from "./listener_options.ts";
export { JoinRefusedError } from "./join.ts";
export type { NodeEvent } from "./node_events.ts";
export { NotAMemberError } from "./not_a_member_error.ts";
export type { RunningNode } from "./running_node.ts";
export { StateDivergedError } from "@raftkv/core/replica";
export type { LeaderTime, StateMachine, StateRestorer } from "@raftkv/core/replica";
export { type MachineLimit, type MachineNode, startMachine } from "./start_machine.ts";
export { startNode, type StartOptions } from "./start_node.ts";
export type { brand, Branded, LogIndex, Member, NodeId, RaftTiming, Term } from "@raftkv/core/raft";
export {
  CorruptLogError,
  DirectoryInUseError,
  DirectoryUnusableError,
  IdentityMismatchError,
  LostLogError,
  type NodeIdentity,
  StoreFailedError,
  UnsupportedFormatError,
} from "@raftkv/storage";
