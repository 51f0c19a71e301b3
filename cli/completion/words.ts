/**
 * What can be completed, taken from the commands' own descriptions.
 *
 * @module
 */

import { COMMON_FLAGS } from "../arguments.ts";
import type { Command, Flag } from "../command.ts";

/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** Second words: `save` of `snapshot save`. */
  readonly verbs: readonly string[];
  readonly flags: readonly Flag[];
}

/** Every command with all its flags. */
export async function completedCommands(
  commands: readonly Command[],
): Promise<readonly CompletedCommand[]> {
  return await Promise.all(commands.map(async ({ name, summary, usage, flags }) => ({
    name,
    summary,
    verbs: verbsIn(usage),
    flags: [...await flags(), ...COMMON_FLAGS],
  })));
}

/** The usage of a command of two words has a choice of them: `grant SECONDS | revoke ID`. */
function verbsIn(usage: string): readonly string[] {
  if (!usage.includes("|") && !/^[a-z-]+ /.test(usage)) return [];
  return usage.split("|").flatMap((choice) => /^[a-z][a-z-]*/.exec(choice.trim())?.[0] ?? []);
}
