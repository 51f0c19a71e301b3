/**
 * Which commands make the store smaller, or keep it as it is: what a node still takes whose disk is
 * nearly full.
 *
 * @module
 */

import type { Command } from "./command.ts";
import type { Branches, Operation } from "./operation.ts";

/**
 * Whether a command can only take away, or is needed to. A lease may be kept alive: to refuse that
 * would delete its keys because a disk is full. A session may begin: clients delete within one, and
 * their number is bounded.
 */
export function onlyFrees(command: Command): boolean {
  switch (command.kind) {
    case "open_session":
    case "compact":
    case "maintain":
    case "lease_keep_alive":
    case "lease_revoke":
      return true;
    case "commit":
      return doBranchesFree(command);
    case "lease_grant":
      return false;
  }
}

function doBranchesFree({ operations, otherwise = [] }: Branches): boolean {
  return [...operations, ...otherwise].every(doesOperationFree);
}

function doesOperationFree(operation: Operation): boolean {
  switch (operation.kind) {
    case "delete":
    case "delete_range":
    case "get":
    case "range":
      return true;
    case "commit":
      return doBranchesFree(operation);
    case "put":
    case "increment":
      return false;
  }
}
