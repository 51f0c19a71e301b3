/**
 * What each shell makes of its completion script. A shell that is not installed is skipped.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../cli/commands.ts";
import { isInstalled } from "../process/installed.ts";
import { raftkv } from "./fake_surroundings.ts";

/** A shell's own way to say how it would complete a line, one word a line. */
const ASKED: Readonly<Record<string, (script: string, line: string) => readonly string[]>> = {
  bash: (script, line) => [
    "-c",
    `${script}
    COMP_WORDS=(${line.endsWith(" ") ? `${line}""` : line})
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    _raftkv; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  fish: (script, line) => ["-c", `${script}\ncomplete -C '${line}'`],
};

async function lacking(shell: string): Promise<string> {
  return await isInstalled(shell) ? "" : ` (skipped: ${shell} is not installed)`;
}

for (const [shell, asked] of Object.entries(ASKED)) {
  const lacks = await lacking(shell);
  Deno.test({
    name: `${shell} completes commands, second words and flags${lacks}`,
    ignore: lacks !== "",
    async fn() {
      const { stdout: script } = await raftkv(["completion", shell]);
      const complete = async (line: string) => {
        const command = new Deno.Command(shell, {
          args: [...asked(script, line)],
          env: { HOME: "/nonexistent" },
        });
        const { stdout, stderr } = await command.output();
        assertEquals(new TextDecoder().decode(stderr), "");
        return new TextDecoder().decode(stdout).split("\n").map((word) => word.split("\t")[0]);
      };
      const commands = await complete("raftkv ");
      for (const { name } of COMMANDS) assert(commands.includes(name), name);
      assert((await complete("raftkv lease ")).includes("keep-alive"));
      assert((await complete("raftkv put --t")).includes("--ttl"));
      assert(!(await complete("raftkv get --t")).includes("--ttl"));
    },
  });
}

/** Starts a shell at a terminal of its own and types into it: zsh completes in its editor alone. */
const IN_EDITOR = (script: string, typed: readonly (readonly [line: string, shown: string])[]) => `
  zmodload zsh/zpty
  zpty shell zsh -f -i
  zpty -w shell 'PS1="" TERM=dumb; autoload -Uz compinit; compinit -u -D; bindkey "^I" complete-word'
  zpty -w shell 'source ${script}; echo loaded-it'
  zpty -r -m shell out $'*loaded-it\r*'
${
  typed.map(([line, shown]) => `
  zpty -w -n shell $'${line}\t'
  zpty -r -m shell out '*${shown}*'
  print -r -- '${shown}'
  zpty -w -n shell $'\x15'`).join("")
}
  zpty -d shell
`;

/** Far beyond what a shell takes. */
const EDITOR_MS_MAX = 20_000;

const lacksZsh = await lacking("zsh");
Deno.test({
  name: `zsh completes commands, second words and flags${lacksZsh}`,
  ignore: lacksZsh !== "",
  async fn() {
    const { stdout } = await raftkv(["completion", "zsh"]);
    const script = await Deno.makeTempFile();
    await Deno.writeTextFile(script, stdout);
    const names = COMMANDS.map(({ name }) => name);
    const typed: [string, string][] = [
      ...names.map((name): [string, string] => [`raftkv ${beginningOf(name, names)}`, name]),
      ["raftkv lease ke", "lease keep-alive"],
      ["raftkv put --tt", "put --ttl"],
      // A get has no --ttl, so there is one choice alone.
      ["raftkv get --t", "get --timeout"],
    ];
    const signal = AbortSignal.timeout(EDITOR_MS_MAX);
    const args = ["-fc", IN_EDITOR(script, typed)];
    const shown = await new Deno.Command("zsh", { args, env: { HOME: "/nonexistent" }, signal })
      .output();
    await Deno.remove(script);
    assertEquals(new TextDecoder().decode(shown.stderr), "");
    const lines = new TextDecoder().decode(shown.stdout).trim().split("\n");
    assertEquals(lines, typed.map(([, text]) => text));
  },
});

/** As much of a name as tells it from the others, but not all of it. */
function beginningOf(name: string, names: readonly string[]): string {
  for (let length = 1; length < name.length; length++) {
    const beginning = name.slice(0, length);
    if (names.filter((each) => each.startsWith(beginning)).length === 1) return beginning;
  }
  return name.slice(0, -1);
}
