/**
 * Backups as files of this machine.
 *
 * @module
 */

import { BackupReader, type BackupSummary } from "@raftkv/storage/backup";
import { CommandFailure } from "../failures.ts";
import { EXIT } from "../exit_code.ts";

/**
 * Reads a backup from beginning to end.
 *
 * @throws {BackupDamagedError} if it was cut off or changed, or is none
 */
export async function readBackup(path: string): Promise<BackupSummary> {
  const reader = new BackupReader(path, () => {});
  for await (const bytes of await openStream(path)) reader.push(bytes);
  return reader.finish();
}

/** The state in a backup, read once more; throws at its end if the file is not whole any more. */
export async function* stateOf(path: string): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  const reader = new BackupReader(path, (part) => parts.push(part));
  for await (const bytes of await openStream(path)) {
    reader.push(bytes);
    yield* parts;
    parts = [];
  }
  reader.finish();
}

async function openStream(path: string): Promise<ReadableStream<Uint8Array>> {
  try {
    return (await Deno.open(path)).readable;
  } catch (error) {
    throw failure(error, `Cannot open "${path}"`);
  }
}

/**
 * Writes a file for its owner alone: under another name until it is whole and on the disk, so that
 * a file of this name is always a whole one.
 */
export async function writeWhole(
  path: string,
  write: (put: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const draft = `${path}.partial`;
  const file = await Deno.open(draft, { write: true, create: true, truncate: true, mode: 0o600 })
    .catch((error: unknown) => {
      throw failure(error, `Cannot write "${draft}"`);
    });
  try {
    // An older draft may have been left there for everyone to read.
    if (Deno.build.os !== "windows") await Deno.chmod(draft, 0o600);
    await write(async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    });
    await file.sync();
    file.close();
  } catch (error) {
    file.close();
    await Deno.remove(draft);
    throw error;
  }
  await Deno.rename(draft, path);
}

function failure(error: unknown, what: string): CommandFailure {
  const reason = error instanceof Deno.errors.NotFound
    ? "There is no such file"
    : error instanceof Error
    ? error.message
    : String(error);
  return new CommandFailure(`${what}: ${reason}`, {
    code: "file_not_usable",
    exitCode: EXIT.failed,
  });
}
