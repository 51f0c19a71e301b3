/**
 * Small files beside the log that are written once, as a whole.
 *
 * @module
 */

import type { Directory } from "./vfs.ts";

/** Writes a file durably; a crash leaves either none of that name or a whole one. */
export async function writeSmallFile(
  directory: Directory,
  { name, text }: { readonly name: string; readonly text: string },
): Promise<void> {
  const unfinished = `${name}.new`;
  const file = await directory.create(unfinished);
  try {
    file.writeAt(0, new TextEncoder().encode(text));
    await file.syncData();
  } finally {
    file.close();
  }
  await directory.rename(unfinished, name);
  await directory.sync();
}
