/**
 * Says of a data directory that its node joined a cluster, and did not begin one. Until its log holds
 * the members, the node must ask for them; one that took itself for a cluster of its own would go on
 * under the other cluster's name.
 *
 * The file `joining` holds the URLs of members that the node was told, one a line. It stays for good.
 *
 * @module
 */

import { denoVfs } from "./deno_vfs.ts";
import { CorruptLogError } from "./errors.ts";
import { writeSmallFile } from "./small_file.ts";
import { readStart, type Vfs } from "./vfs.ts";

/**
 * Notes, durably, that the node of a directory joins a cluster, and makes the directory if there is
 * none.
 *
 * @param urls At least one; none has a line feed in it.
 * @throws {DirectoryUnusableError} if the directory cannot be made or written
 */
export async function writeJoining(
  path: string,
  urls: readonly string[],
  options: { readonly vfs?: Vfs } = {},
): Promise<void> {
  const directory = await (options.vfs ?? denoVfs).createDirectory(path);
  await writeSmallFile(directory, {
    name: JOINING_NAME,
    text: urls.map((url) => `${url}\n`).join(""),
  });
}

/**
 * The URLs of the members that the node of a directory was told; null if it never joined a cluster.
 *
 * @throws {CorruptLogError} if the file is not one that {@linkcode writeJoining} wrote
 */
export async function readJoining(
  path: string,
  options: { readonly vfs?: Vfs } = {},
): Promise<readonly string[] | null> {
  const directory = await (options.vfs ?? denoVfs).openDirectory(path);
  if (directory === null || !(await directory.list()).includes(JOINING_NAME)) return null;
  const file = await directory.open(JOINING_NAME, "read");
  try {
    const lines = new TextDecoder().decode(await readStart(file, BYTES_MAX)).split("\n");
    const last = lines.pop();
    if (last === "" && lines.length > 0 && lines.every((line) => URL.canParse(line))) return lines;
    const reason = "It does not hold URLs, one a line";
    throw new CorruptLogError({ file: JOINING_NAME, offsetBytes: null, reason });
  } finally {
    file.close();
  }
}

const JOINING_NAME = "joining";
const BYTES_MAX = 65_536;
