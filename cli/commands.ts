/**
 * Every command, in the order in which the help shows them.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { clusterCommand } from "./commands/cluster.ts";
import { delCommand } from "./commands/del.ts";
import { exportCommand } from "./commands/export.ts";
import { getCommand } from "./commands/get.ts";
import { healthCommand } from "./commands/health.ts";
import { importCommand } from "./commands/import.ts";
import { listCommand } from "./commands/list.ts";
import { putCommand } from "./commands/put.ts";
import { recoverCommand } from "./commands/recover.ts";
import { serveCommand } from "./commands/serve.ts";
import { snapshotCommand } from "./commands/snapshot.ts";
import { statusCommand } from "./commands/status.ts";

import { versionCommand } from "./commands/version.ts";
import { walCommand } from "./commands/wal.ts";

/** The commands of the program. */
export const COMMANDS: readonly Command[] = [
  putCommand,
  getCommand,
  delCommand,
  listCommand,
  importCommand,
  exportCommand,
  statusCommand,
  healthCommand,
  clusterCommand,
  serveCommand,
  snapshotCommand,
  walCommand,
  recoverCommand,
  versionCommand,
];
