/**
 * `raftkv completion`: what lets a shell complete its commands.
 *
 * @module
 */

import type { Command, Invocation } from "../command.ts";
import { SCRIPTS } from "../completion/scripts.ts";
import { completedCommands } from "../completion/words.ts";
import { EXIT } from "../exit_code.ts";
import { UsageError } from "../failures.ts";

/** Prints a script for a shell. */
export const completionCommand: Command = {
  name: "completion",
  summary: "Print a script that lets a shell complete commands",
  usage: "bash | zsh | fish",
  arity: [1, 1],
  flags: () => [],
  details: [
    "In bash, the line `source <(raftkv completion bash)` in ~/.bashrc has it in every shell; in zsh\n" +
    "the same with zsh, in ~/.zshrc behind compinit; fish reads it from a file, as below.",
  ],
  examples: [
    { line: "raftkv completion bash > raftkv.bash", meaning: "Write it to a file, to be sourced" },
    {
      line: "raftkv completion fish > ~/.config/fish/completions/raftkv.fish",
      meaning: "For every fish from now on",
    },
  ],
  run: completion,
};

async function completion({ positionals, output, commands }: Invocation): Promise<number> {
  const [shell = ""] = positionals;
  const scriptOf = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (scriptOf === undefined) {
    const known = Object.keys(SCRIPTS).join(", ");
    throw new UsageError(`Unknown shell "${shell}": Expected ${known}`, "completion");
  }
  const script = scriptOf(await completedCommands(commands));
  await output.result({ json: { shell, script }, text: script.trimEnd() });
  return EXIT.ok;
}
