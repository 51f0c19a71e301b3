/**
 * Programs of tests as one script each, for runtimes that know neither TypeScript nor this workspace.
 *
 * @module
 */

import { assert } from "@std/assert";

/** The script of a program. */
export async function bundle(entry: URL): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", entry.pathname],
  });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
