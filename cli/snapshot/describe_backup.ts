/**
 * Backups in words and in JSON.
 *
 * @module
 */

import type { BackupSummary } from "@raftkv/storage/backup";

/** What a backup says about itself, as JSON. */
export function jsonOfBackup({ header, sizeBytes, digest }: BackupSummary): object {
  const { identity: { clusterId, nodeId }, takenAtMs, revision, point } = header;
  const { last, configuration } = point;
  return { clusterId, nodeId, takenAtMs, revision, last, configuration, sizeBytes, digest };
}

/** The same as lines. */
export function describeBackup(
  path: string,
  { header, sizeBytes, digest }: BackupSummary,
): readonly string[] {
  const { identity: { clusterId, nodeId }, takenAtMs, revision, point } = header;
  const { last, configuration } = point;
  return [
    `${path}: sound, ${sizeBytes} bytes of state`,
    `of cluster ${clusterId}`,
    `written by ${nodeId} at ${new Date(takenAtMs).toISOString()}`,
    `revision ${revision}, entry ${last.index} of term ${last.term}`,
    ...configuration.members.map(({ id, url }) => `member ${id} ${url}`),
    `SHA-256 ${digest}`,
  ];
}
