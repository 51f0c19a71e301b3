/**
 * A deterministic simulator: the production replica in virtual time, on a network and disks that
 * misbehave on demand.
 *
 * @module
 */

export { NodeClock } from "./clock.ts";
export { Cluster, type ClusterOptions } from "./cluster.ts";
export { SimulatedDisk } from "./disk.ts";
export { EventQueue } from "./event_queue.ts";
export { LedgerStorage, type LedgerStorageParts } from "./ledger_storage.ts";
export { CALM_NETWORK, type Deliver, Network, type NetworkOptions, type Way } from "./network.ts";
export { SimulatedNode, type SimulatedNodeOptions } from "./node.ts";
export type { NodeStorage, StorageEvents } from "./node_storage.ts";
export type { Observed, ObservedDisk } from "./observed.ts";
export { Observer, type Sightings } from "./invariants/observer.ts";
export { type OpenRequest, type RequestEnd, type RequestOptions, Requests } from "./requests.ts";
export { Marks } from "./run/marks.ts";
export { MarkWatch, WORLD_MARKS, type WorldMark } from "./run/mark_watch.ts";
export { FileStorage, type FileStorageParts } from "./file_storage.ts";
export { type BitPlace, StoredFiles } from "./stored_files.ts";
export { type RunOptions, runSeed, type SeedReport } from "./run/seed.ts";
export { describePlan, type Plan, type PlanLimits, planOf } from "./run/plan.ts";
export { type FaultClass, Storm, type StormState, type World } from "./run/fault.ts";
export { FAULT_CLASSES } from "./run/faults.ts";
export { shrinkRun, type Shrunk } from "./run/shrink.ts";
export type { Violation, Workload, WorkloadKind, WorkloadParts } from "./run/workload.ts";
export { SaveQueue } from "./save_queue.ts";
export { Trace, type TracedMessage } from "./trace.ts";
export {
  type DiskEvent,
  type NodeWitness,
  type SurroundingsWitness,
  type Told,
  type Witness,
  Witnesses,
} from "./witness.ts";
export { KV } from "./workload/kv_workload.ts";
