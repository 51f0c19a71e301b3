/**
 * All classes of faults. Each run draws which of them rage (swarm testing: a run in which everything
 * fails hides what a single fault would show).
 *
 * @module
 */

import { CLUSTER_FAULTS } from "./cluster_faults.ts";
import { COUP } from "./coup.ts";
import type { FaultClass } from "./fault.ts";
import { DISK_FAULTS } from "./disk_faults.ts";
import { NETWORK_FAULTS } from "./network_faults.ts";
import { NODE_FAULTS } from "./node_faults.ts";
import { STRANGER_FAULTS } from "./stranger_faults.ts";

/** Every class of faults there is. */
export const FAULT_CLASSES: readonly FaultClass[] = [
  ...NETWORK_FAULTS,
  ...NODE_FAULTS,
  ...DISK_FAULTS,
  ...CLUSTER_FAULTS,
  ...STRANGER_FAULTS,
  COUP,
];
