/**
 * A copy of the repository into which mutants are put.
 *
 * @module
 */
import type { Edit } from "./mutant.ts";

const ROOT = new URL("../../", import.meta.url);

const LEFT_OUT: ReadonlySet<string> = new Set([".git", ".ci", "data", "dist", "coverage", "docs"]);

/** What a program came to. */
export interface Outcome {
  readonly success: boolean;
  /** Whether it was ended because it took too long. */
  readonly isLate: boolean;
  readonly output: string;
}

/** A copy of the repository, gone when it is disposed of. */
export class Copy implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Copies everything that programs and tests need. */
  static async make(): Promise<Copy> {
    const path = await Deno.makeTempDir({ prefix: "raftkv-mutant-" });
    for await (const { name } of Deno.readDir(ROOT)) {
      if (!LEFT_OUT.has(name)) await run("cp", ["-r", new URL(name, ROOT).pathname, path], {});
    }
    return new Copy(path);
  }

  /** The first anchor that does not stand in its file exactly once; null if all do. */
  async misfit(edits: readonly Edit[]): Promise<string | null> {
    for (const { anchor, file } of edits) {
      const text = await Deno.readTextFile(`${this.#path}/${file}`);
      if (anchor === "" || text.split(anchor).length !== 2) return `${file}: ${anchor}`;
    }
    return null;
  }

  /** Does `work` with the edits in place; the copy is as before afterwards. */
  async with<T>(edits: readonly Edit[], work: () => Promise<T>): Promise<T> {
    const originals = new Map<string, string>();
    try {
      for (const { anchor, file, replacement } of edits) {
        const path = `${this.#path}/${file}`;
        const text = await Deno.readTextFile(path);
        if (!originals.has(path)) originals.set(path, text);
        await Deno.writeTextFile(path, text.replace(anchor, () => replacement));
      }
      return await work();
    } finally {
      for (const [path, text] of originals) await Deno.writeTextFile(path, text);
    }
  }

  /** Runs Deno in the copy. Types are not checked: a mutant need not have any. */
  deno(args: readonly string[], limitMs: number): Promise<Outcome> {
    return run(Deno.execPath(), args, { cwd: this.#path, limitMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#path, { recursive: true });
  }
}

/** The text of a file of the repository. */
export function sourceOf(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

async function run(
  program: string,
  args: readonly string[],
  { cwd, limitMs = 60_000 }: { readonly cwd?: string; readonly limitMs?: number },
): Promise<Outcome> {
  const child = new Deno.Command(program, {
    args: [...args],
    ...cwd === undefined ? {} : { cwd },
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, limitMs);
  const { stderr, stdout, success } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return { success, isLate, output: decoder.decode(stdout) + decoder.decode(stderr) };
}
