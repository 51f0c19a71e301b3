/**
 * The help of every command as a page of the site.
 *
 * @module
 */

import { COMMANDS } from "../../cli/commands.ts";
import { describeCommand, describeProgram } from "../../cli/help.ts";

/** So that 80 columns fit beside the sidebar. */
const STYLE = `<style>
.vp-doc [class*="language-"] code { font-size: 12px !important; }
</style>`;

/** Makes the page. */
export async function cliPage(): Promise<string> {
  const sections = [];
  for (const command of COMMANDS) {
    sections.push(`## ${command.name}`, block(await describeCommand(command)));
  }
  return ["# The command line", block(describeProgram(COMMANDS)), ...sections, STYLE, ""].join(
    "\n\n",
  );
}

function block(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
