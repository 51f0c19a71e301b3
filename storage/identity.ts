/**
 * Whose files these are.
 *
 * @module
 */

import type { NodeId } from "@raftkv/core/raft";

/** The node that a data directory belongs to; it stands in the header of every file. */
export interface NodeIdentity {
  /** The cluster's id: 1 to 255 bytes of UTF-8. */
  readonly clusterId: string;
  /** The node's id in that cluster: 1 to 255 bytes of UTF-8. */
  readonly nodeId: NodeId;
}

/** Whether both name the same node of the same cluster. */
export function isSameNode(a: NodeIdentity, b: NodeIdentity): boolean {
  return a.clusterId === b.clusterId && a.nodeId === b.nodeId;
}

/**
 * Checks an identity before it is written into files for good.
 *
 * @throws {RangeError} if an id is empty or longer than 255 bytes
 */
export function checkIdentity(identity: NodeIdentity): void {
  checkId("cluster", identity.clusterId);
  checkId("node", identity.nodeId);
}

const ID_BYTES_MAX = 255;

function checkId(what: string, id: string): void {
  const sizeBytes = new TextEncoder().encode(id).length;
  if (sizeBytes === 0 || sizeBytes > ID_BYTES_MAX) {
    throw new RangeError(
      `Cannot use a ${what} id of ${sizeBytes} bytes: It takes 1 to ${ID_BYTES_MAX}`,
    );
  }
}
