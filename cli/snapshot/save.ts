/**
 * `raftkv snapshot save`: fetches a backup and checks every byte of it on the way to the disk.
 *
 * @module
 */

import { BackupReader, type BackupSummary } from "@raftkv/storage/backup";
import type { Invocation } from "../command.ts";
import { endpointsOf, timeoutMsOf } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { CommandFailure, UsageError } from "../failures.ts";
import { ProgressPainter } from "../progress.ts";
import { writeWhole } from "./backup_file.ts";
import { jsonOfBackup } from "./describe_backup.ts";

/** Saves a backup of the first node that gives one. */
export async function save(invocation: Invocation, path: string): Promise<ExitCode> {
  const { output } = invocation;
  const body = await request(invocation);
  const summary = await keep(invocation, { path, body });
  const { header, sizeBytes } = summary;
  const { identity: { clusterId, nodeId }, revision, point: { last } } = header;
  await output.result({
    json: { file: path, ...jsonOfBackup(summary) },
    text: `saved revision ${revision} (entry ${last.index} of term ${last.term}, ` +
      `${sizeBytes} bytes) to ${path}\n` +
      `of cluster ${clusterId}, as ${nodeId} has it\nSHA-256 ${summary.digest}`,
  });
  return EXIT.ok;
}

/** A node that is silent for so long in the middle of a backup has failed. */
const SILENCE_MS_MAX = 30_000;

const BYTES_PER_MB = 1_000_000;

async function keep(
  { surroundings }: Invocation,
  { path, body }: { readonly path: string; readonly body: ReadableStream<Uint8Array> },
): Promise<BackupSummary> {
  const painter = new ProgressPainter(surroundings.stderr);
  const startedMs = performance.now();
  const reader = new BackupReader(path, () => {});
  let bytes = 0;
  try {
    await writeWhole(path, async (put) => {
      for await (const piece of withoutSilence(body)) {
        reader.push(piece);
        await put(piece);
        bytes += piece.length;
        const elapsedMs = performance.now() - startedMs;
        const count = Math.floor(bytes / BYTES_PER_MB);
        painter.paint({ count, unit: "MB", bytes, bytesTotal: undefined, elapsedMs });
      }
      // Before the file gets its name: one that was cut off must never have it.
      reader.finish();
    });
  } finally {
    await painter.clear();
  }
  return reader.finish();
}

async function* withoutSilence(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { promise: silence, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => reject(failure("The node fell silent before the end", "timeout")),
        SILENCE_MS_MAX,
      );
      const { done, value } = await Promise.race([reader.read(), silence])
        .finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw failure(`The connection broke before the end: ${reason}`, "connection_broken");
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Asks one node after the other; returns the body of the first that answers. */
async function request(invocation: Invocation): Promise<ReadableStream<Uint8Array>> {
  const timeoutMs = timeoutMsOf(invocation);
  const failures: string[] = [];
  for (const endpoint of endpointsOf(invocation)) {
    const url = URL.parse(`/v1/snapshot?timeout=${Math.ceil(timeoutMs)}ms`, endpoint);
    if (url === null) throw new UsageError(`Cannot use endpoint "${endpoint}": It must be a URL`);
    try {
      const response = await fetchHead(url, timeoutMs);
      if (response.ok && response.body !== null) return response.body;
      failures.push(`${endpoint}: ${await refusalOf(response)}`);
    } catch (error) {
      failures.push(`${endpoint}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw failure(`No node gave a backup: ${failures.join("; ")}`, "no_backup");
}

/** The node has its own deadline; one second more is for the way. */
async function fetchHead(url: URL, timeoutMs: number): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs + 1_000);
  try {
    return await fetch(url, { signal: abort.signal });
  } finally {
    clearTimeout(timer);
  }
}

async function refusalOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { error: { message } } = JSON.parse(text);
    return String(message);
  } catch {
    return `It answered with status ${response.status}`;
  }
}

function failure(message: string, code: string): CommandFailure {
  return new CommandFailure(message, { code, exitCode: EXIT.failed });
}
