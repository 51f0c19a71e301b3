/**
 * The end of a node that does not belong to its cluster, or no longer does.
 *
 * @module
 */

/** The node is no member of its cluster, and must not be started on its data again. */
export class NotAMemberError extends Error {
  /** The name of the class. */
  override readonly name = "NotAMemberError";
  /** The node. */
  readonly nodeId: string;

  /**
   * Builds the message.
   *
   * @param reason Why it is none, and what can be done.
   */
  constructor(nodeId: string, reason: string) {
    super(`Node ${nodeId} is no member of its cluster: ${reason}`);
    this.nodeId = nodeId;
  }
}

/** The error of a node that was taken out. */
export function removedError(nodeId: string): NotAMemberError {
  const reason = "It was removed; to come back, start it with --join and an empty directory";
  return new NotAMemberError(nodeId, reason);
}

/** The error of a node that lost its directory and came back under its old id. */
export function otherDirectoryError(nodeId: string, url: string): NotAMemberError {
  return new NotAMemberError(
    nodeId,
    `The cluster knows it by another data directory, and this one has not what it promised; let a ` +
      `new node take its place: raftkv serve --join URL --replaces ${nodeId} --advertise ${url}, ` +
      `with an empty directory`,
  );
}
