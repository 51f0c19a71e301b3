/**
 * Which life of a node a data directory holds: 16 random bytes, drawn when the directory is made. A
 * node whose directory was lost comes back with others, and its peers can tell: it has forgotten what
 * it voted for and what it acknowledged.
 *
 * The file `incarnation` holds them as 32 hex digits and a line feed.
 *
 * @module
 */

import { denoVfs } from "./deno_vfs.ts";
import { CorruptLogError, DirectoryUnusableError } from "./errors.ts";
import { writeSmallFile } from "./small_file.ts";
import { type Directory, readStart, type Vfs } from "./vfs.ts";

/** What is wrong with a directory that has this file and no log: it lost all that it promised. */
export const LOG_IS_GONE = "It holds an incarnation but no log";

/** The file's name. */
export const INCARNATION_NAME = "incarnation";

/**
 * Reads the incarnation of an open store's directory; draws it, durably, if there is none yet.
 *
 * @returns 32 lower-case hex digits
 * @throws {CorruptLogError} if the file holds something else
 * @throws {DirectoryUnusableError} if the directory is not there
 */
export async function openIncarnation(
  path: string,
  options: { readonly vfs?: Vfs } = {},
): Promise<string> {
  const directory = await (options.vfs ?? denoVfs).openDirectory(path);
  if (directory === null) throw new DirectoryUnusableError(path, "There is no such directory");
  const names = await directory.list();
  return names.includes(INCARNATION_NAME) ? await read(directory) : await draw(directory);
}

async function read(directory: Directory): Promise<string> {
  const file = await directory.open(INCARNATION_NAME, "read");
  try {
    const text = new TextDecoder().decode(await readStart(file, LINE_BYTES + 1));
    const [, incarnation] = /^([\da-f]{32})\n$/.exec(text) ?? [];
    if (incarnation !== undefined) return incarnation;
    const reason = "It does not hold 32 hex digits and a line feed";
    throw new CorruptLogError({ file: INCARNATION_NAME, offsetBytes: null, reason });
  } finally {
    file.close();
  }
}

async function draw(directory: Directory): Promise<string> {
  const incarnation = crypto.getRandomValues(new Uint8Array(INCARNATION_BYTES)).toHex();
  await writeSmallFile(directory, { name: INCARNATION_NAME, text: `${incarnation}\n` });
  return incarnation;
}

const INCARNATION_BYTES = 16;
const LINE_BYTES = 2 * INCARNATION_BYTES + 1;
