/**
 * Puts a mutant into a copy of this repository and asks the test that is to find it.
 *
 * @module
 */

import type { Mutant } from "./table.ts";

const ROOT = new URL("../../../", import.meta.url);
const COPIED = [
  "deno.json",
  "deno.lock",
  "mod.ts",
  ...["links", "core", "storage", "transport", "server", "client", "cli", "sim"],
  "tests/storage",
];

/** A copy of the repository, gone when it is disposed of. */
export class Copy implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Copies what the store and its tests need. */
  static async make(): Promise<Copy> {
    const path = await Deno.makeTempDir();
    await Deno.mkdir(`${path}/tests`);
    for (const name of COPIED) {
      await run("cp", ["-r", new URL(name, ROOT).pathname, `${path}/${name}`]);
    }
    return new Copy(path);
  }

  /** Whether the mutant's killer fails with it; the copy is as before afterwards. */
  async kills(mutant: Mutant): Promise<boolean> {
    const file = `${this.#path}/storage/${mutant.file}`;
    const original = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, original.replace(mutant.anchor, () => mutant.replacement));
    try {
      // A file that does not even load would be found by anything.
      if (!await this.#loads()) throw new Error(`Cannot put in a mutant: ${mutant.bug}`);
      return !await this.passes(mutant.killer);
    } finally {
      await Deno.writeTextFile(file, original);
    }
  }

  /** Whether a test passes on the copy as it is. */
  async passes([file, name]: Mutant["killer"]): Promise<boolean> {
    const flags = ["--quiet", "--no-prompt", "--no-check", "--allow-all", "--filter", name];
    return await run(Deno.execPath(), ["test", ...flags, `tests/storage/${file}`], this.#path);
  }

  #loads(): Promise<boolean> {
    const flags = ["--quiet", "--no-prompt", "--no-check", "--allow-read"];
    return run(Deno.execPath(), ["run", ...flags, "storage/mod.ts"], this.#path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#path, { recursive: true });
  }
}

/** The text of a file of the store, or of one of its tests. */
export function sourceOf(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

async function run(program: string, args: readonly string[], cwd?: string): Promise<boolean> {
  const command = new Deno.Command(program, {
    args: [...args],
    ...cwd === undefined ? {} : { cwd },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  return (await command.output()).success;
}
