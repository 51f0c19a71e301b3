/**
 * A deterministic simulator: the production replica in virtual time, on a network and disks that
 * misbehave on demand.
 *
 * @module
 */

export { Cluster, type ClusterOptions } from "./cluster.ts";
export { EventQueue } from "./event_queue.ts";
export { CALM_NETWORK, Network, type NetworkOptions } from "./network.ts";
export { SimulatedNode } from "./node.ts";
export { Observer } from "./observer.ts";
