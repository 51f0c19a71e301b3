/**
 * A deterministic simulator: the production replica in virtual time, on a network and disks that
 * misbehave on demand.
 *
 * @module
 */

export { Cluster, type ClusterOptions } from "./cluster.ts";
export { SimulatedDisk } from "./disk.ts";
export { EventQueue } from "./event_queue.ts";
export { CALM_NETWORK, type Deliver, Network, type NetworkOptions } from "./network.ts";
export { SimulatedNode, type SimulatedNodeOptions } from "./node.ts";
export type { Observed, ObservedDisk } from "./observed.ts";
export { Observer, type Sightings } from "./observer.ts";
export { Trace } from "./trace.ts";
