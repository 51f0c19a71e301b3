/**
 * Runs one task of `deno.json` and keeps what it says.
 *
 * @module
 */

/** How a task ended. */
export interface TaskRun {
  /** Whether it exited with zero. */
  readonly ok: boolean;
  /** Both of its streams, in the order they came. */
  readonly output: string;
  /** How long it took. */
  readonly seconds: number;
}

/** Runs a task to its end. */
export async function runTask(name: string): Promise<TaskRun> {
  const startedMs = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", name],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const chunks: string[] = [];
  const [status] = await Promise.all([
    child.status,
    collect(child.stdout, chunks),
    collect(child.stderr, chunks),
  ]);
  return {
    ok: status.success,
    output: chunks.join("").trim(),
    seconds: (performance.now() - startedMs) / 1000,
  };
}

async function collect(stream: ReadableStream<Uint8Array>, chunks: string[]): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) chunks.push(text);
}
