/**
 * Every command, in the order in which the help shows them.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { clusterCommand } from "./commands/cluster.ts";
import { compactCommand } from "./commands/compact.ts";
import { completionCommand } from "./commands/completion.ts";
import { delCommand } from "./commands/del.ts";
import { diffCommand } from "./commands/diff.ts";
import { electCommand } from "./commands/elect.ts";
import { exportCommand } from "./commands/export.ts";
import { getCommand } from "./commands/get.ts";
import { healthCommand } from "./commands/health.ts";
import { importCommand } from "./commands/import.ts";
import { incrementCommand } from "./commands/increment.ts";
import { leaseCommand } from "./commands/lease.ts";
import { listCommand } from "./commands/list.ts";
import { lockCommand } from "./commands/lock.ts";
import { memberCommand } from "./commands/member.ts";
import { moveLeaderCommand } from "./commands/move_leader.ts";
import { putCommand } from "./commands/put.ts";
import { recoverCommand } from "./commands/recover.ts";
import { serveCommand } from "./commands/serve.ts";
import { snapshotCommand } from "./commands/snapshot.ts";
import { statusCommand } from "./commands/status.ts";
import { txnCommand } from "./commands/txn.ts";

import { versionCommand } from "./commands/version.ts";
import { walCommand } from "./commands/wal.ts";
import { watchCommand } from "./commands/watch.ts";

/** The commands of the program. */
export const COMMANDS: readonly Command[] = [
  putCommand,
  getCommand,
  delCommand,
  listCommand,
  incrementCommand,
  txnCommand,
  watchCommand,
  leaseCommand,
  lockCommand,
  electCommand,
  diffCommand,
  compactCommand,
  importCommand,
  exportCommand,
  statusCommand,
  healthCommand,
  memberCommand,
  moveLeaderCommand,
  clusterCommand,
  serveCommand,
  snapshotCommand,
  walCommand,
  recoverCommand,
  completionCommand,
  versionCommand,
];
