/**
 * A node as a process of its own.
 *
 * @module
 */

import { nodeInvocation } from "../program.ts";

/** How a process ended. */
export interface ChildEnd {
  /** Its exit code. */
  readonly code: number;
  /** The signal that ended it, if one did. */
  readonly signal: string | null;
}

/** A process that is running. */
export interface NodeProcess {
  /** Its standard output, a line at a time. */
  readonly lines: AsyncIterable<string>;
  /** Its standard error, a line at a time. */
  readonly errorLines: AsyncIterable<string>;
  /** Resolves when it has ended. */
  readonly ended: Promise<ChildEnd>;
  /** Asks it to stop. */
  terminate(): void;
  /** Ends it at once. */
  kill(): void;
}

/** Starts a process that runs `raftkv serve` with `args`, over `dataDir`. */
export type SpawnNode = (node: {
  readonly dataDir: string;
  readonly args: readonly string[];
}) => NodeProcess;

/** Spawns nodes from a script, or from this binary if it is compiled. */
export function spawnerOf(script: string): SpawnNode {
  return ({ dataDir, args }) => {
    const { executable, args: all } = nodeInvocation(script, { dataDir, args });
    const child = new Deno.Command(executable, {
      args: [...all],
      // Never written to: when this process dies, however suddenly, the node reads its end and stops.
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return {
      lines: linesOf(child.stdout),
      errorLines: linesOf(child.stderr),
      ended: child.status.then(async ({ code, signal }) => {
        await child.stdin.close().catch(() => {});
        return { code, signal };
      }),
      terminate: () => signalTo(child, "SIGTERM"),
      kill: () => signalTo(child, "SIGKILL"),
    };
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function signalTo(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It has ended in this moment, which is what was wanted.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}
