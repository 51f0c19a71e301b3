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
  // zsh completes in an editor alone: what can be seen here is that it takes the script.
  zsh: (script) => ["-fc", `autoload -Uz compinit && compinit -D -u\n${script}\nwhence -w _raftkv`],
};

for (const [shell, asked] of Object.entries(ASKED)) {
  const lacks = await isInstalled(shell) ? "" : ` (skipped: ${shell} is not installed)`;
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
      if (shell === "zsh") {
        assertEquals((await complete(""))[0], "_raftkv: function");
        for (const { name } of COMMANDS) assert(script.includes(`'${name}:`), name);
        return;
      }
      const commands = await complete("raftkv ");
      for (const { name } of COMMANDS) assert(commands.includes(name), name);
      assert((await complete("raftkv lease ")).includes("keep-alive"));
      assert((await complete("raftkv put --t")).includes("--ttl"));
      assert(!(await complete("raftkv get --t")).includes("--ttl"));
    },
  });
}
