/**
 * `@std/fs/exists` for machines that reach npm but not JSR (docs/adr/0001): the npm build of the
 * standard library leaves `fs` out, so this is our own, with the same signature.
 *
 * @module
 */

/** Conditions on what is found. */
export interface ExistsOptions {
  /** Only a directory counts. */
  isDirectory?: boolean;
  /** Only a regular file counts. */
  isFile?: boolean;
}

/** Whether the path leads to something, links followed. Needs read permission. */
export async function exists(path: string | URL, options?: ExistsOptions): Promise<boolean> {
  try {
    const found = await Deno.stat(path);
    if (options?.isDirectory === true) return found.isDirectory;
    if (options?.isFile === true) return found.isFile;
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
