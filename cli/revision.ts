/**
 * Revisions on the command line.
 *
 * @module
 */

import type { Flag, Invocation } from "./command.ts";
import { UsageError } from "./failures.ts";

/** Shows the store as it was. */
export const AT_FLAG: Flag = {
  name: "at",
  value: "REV",
  summary: "as of this revision, if it is still kept",
};

/** The revision that `--at` asks for. */
export function revisionOption(invocation: Invocation): { readonly revision?: number } {
  const revision = revisionIn(invocation, AT_FLAG.name);
  return revision === undefined ? {} : { revision };
}

/**
 * The revision in a flag; undefined if it is not given.
 *
 * @throws {UsageError} if it is none
 */
export function revisionIn({ flags }: Invocation, flag: string): number | undefined {
  const text = flags.get(flag);
  return text === undefined ? undefined : parseRevision(text, `--${flag}`);
}

/**
 * Reads a revision.
 *
 * @throws {UsageError} if it is none
 */
export function parseRevision(text: string, name: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot read ${name}: Expected a revision from 1 on: "${text}"`);
}
