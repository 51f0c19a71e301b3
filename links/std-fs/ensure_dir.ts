/**
 * `@std/fs/ensure-dir` for machines that reach npm but not JSR (docs/adr/0001): the npm build of
 * the standard library leaves `fs` out, so this is our own, with the same signature.
 *
 * @module
 */

/**
 * Makes the directory and its parents unless they exist. Needs read and write permission.
 *
 * @throws {Error} if the path is taken by something that is not a directory.
 */
export async function ensureDir(dir: string | URL): Promise<void> {
  try {
    const found = await Deno.stat(dir);
    if (found.isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return await Deno.mkdir(dir, { recursive: true });
  }
  throw new Error(`Cannot ensure directory "${dir}": It is not a directory`);
}
