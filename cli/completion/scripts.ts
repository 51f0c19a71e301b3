/**
 * Completion scripts for shells.
 *
 * @module
 */

import type { Flag } from "../command.ts";
import { summaryOf } from "../help.ts";
import type { CompletedCommand } from "./words.ts";

/** Makes the script of a shell. */
export type ScriptOf = (commands: readonly CompletedCommand[]) => string;

/** The shells that are known, and how their scripts are made. */
export const SCRIPTS: Readonly<Record<string, ScriptOf>> = { bash, zsh, fish };

function bash(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const cases = commands.map(({ name, verbs, flags }) => {
    const words = [...verbs, ...flags.map((flag) => `--${flag.name}`)].join(" ");
    return `    ${name}) words="${words}" ;;`;
  });
  return `_raftkv() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ "$word" != -* ]]; then command="$word"; break; fi
  done
  case "$command" in
    "") words="${names} --help" ;;
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _raftkv raftkv
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const named = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, verbs, flags }) => {
    const choice = verbs.length === 0 ? "_files" : `(${verbs.join(" ")})`;
    const options = [`'2: :${choice}'`, ...flags.map(zshOption), "'*: :_files'"];
    return `    ${name}) _arguments ${options.join(" ")} ;;`;
  });
  return `#compdef raftkv
_raftkv() {
  local -a commands
  commands=(
${named.join("\n")}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${cases.join("\n")}
  esac
}
compdef _raftkv raftkv
`;
}

function zshOption(flag: Flag): string {
  const { name, value, repeatable } = flag;
  const text = summaryOf(flag).replaceAll(/[[\]:]/g, " ");
  const argument = value === undefined ? "" : `:${value}:`;
  return quoted(`${repeatable === true ? "*" : ""}--${name}[${text}]${argument}`);
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, verbs, flags }) => {
    const within = `complete -c raftkv -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c raftkv -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
      ...verbs.map((verb) => `${within} -f -a ${verb}`),
      ...flags.map((flag) =>
        `${within} -l ${flag.name}${flag.value === undefined ? "" : " -r"} -d ${
          quoted(summaryOf(flag))
        }`
      ),
    ];
  });
  return `${lines.join("\n")}\n`;
}

/** In single quotes, as every one of these shells reads them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
