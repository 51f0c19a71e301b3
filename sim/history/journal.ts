/**
 * What the log made of a history: its commands in their one true order, each with what came of it
 * and with who asked for it.
 *
 * @module
 */

import type { Command, CommandResult, Lasting } from "@raftkv/core/kv";
import { appliedOf, commandOf, isRepeated, type KvOperation } from "./kv_operation.ts";

/** Stands for an operation where nothing is known to have asked for a command. */
export const NOBODY: number = -1;

/** One command of the log. */
export interface JournalEntry {
  /** Where it stands; it grows from entry to entry. */
  readonly index: number;
  /** The term of the leader that took it in. */
  readonly term: number;
  /** That leader's clock then, in milliseconds. */
  readonly timeMs: number;
  /** What was asked for. */
  readonly command: Command;
  /** What the store answered. */
  readonly result: CommandResult;
  /** The operation that asked for it; null if the cluster itself did; {@linkcode NOBODY}. */
  readonly operation: number | null;
}

/**
 * The journal as far as clients know it: what they were answered, in the order of the answers. What
 * was refused or is of unknown outcome is not in it, and time stands still, so that leases live for
 * ever. Of a cluster whose log cannot be seen there is no better one.
 */
export function journalOf(history: readonly KvOperation[]): JournalEntry[] {
  const entries: JournalEntry[] = [];
  const repeated: JournalEntry[] = [];
  for (const operation of history) {
    const command = commandOf(operation);
    const applied = appliedOf(operation);
    if (command === null || applied === null || applied.result.kind === "refused") continue;
    const { index, result } = applied;
    const entry = { index, term: 1, timeMs: 0, command, result, operation: operation.id };
    (isRepeated(result) ? repeated : entries).push(entry);
  }
  entries.sort((a, b) => a.index - b.index);
  for (const entry of repeated) insertWhereItActed(entries, entry);
  return entries;
}

/** An answer that was given again stands where it was given first: its revision tells where. */
function insertWhereItActed(entries: JournalEntry[], entry: JournalEntry): void {
  const revision = revisionOf(entry);
  const found = entries.findIndex((each) => revisionOf(each) >= revision);
  const place = found === -1 ? entries.length : found;
  const before = entries[place - 1]?.index ?? 0;
  const index = found === -1 ? before + 1 : (before + entries[place]!.index) / 2;
  const { replayed: _, ...first } = entry.result as Lasting;
  entries.splice(place, 0, { ...entry, index, result: first });
}

function revisionOf({ result }: JournalEntry): number {
  return result.kind === "refused" ? 0 : result.revision;
}
