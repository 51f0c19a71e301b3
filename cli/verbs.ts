/**
 * Commands of two words: `wal dump`, `snapshot save`.
 *
 * @module
 */

import type { Invocation } from "./command.ts";
import type { ExitCode } from "./exit_code.ts";
import { UsageError } from "./failures.ts";
import { suggest } from "./suggest.ts";

/** What the second word does, with the arguments behind it. */
export type Verb = (
  invocation: Invocation,
  argument: string,
) => Promise<ExitCode>;

/**
 * Runs the verb that the first argument names, with the second as its argument.
 *
 * @throws {UsageError} if there is no such verb
 */
export async function runVerb(
  invocation: Invocation,
  { command, verbs }: { readonly command: string; readonly verbs: Readonly<Record<string, Verb>> },
): Promise<ExitCode> {
  const [word = "", argument = ""] = invocation.positionals;
  const verb = Object.hasOwn(verbs, word) ? verbs[word] : undefined;
  if (verb !== undefined) return await verb(invocation, argument);
  const known = Object.keys(verbs);
  const near = suggest(word, known);
  const hint = near === undefined ? `: Expected ${known.join(", ")}` : `; did you mean ${near}?`;
  throw new UsageError(`Unknown command "${command} ${word}"${hint}`, command);
}
