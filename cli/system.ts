/**
 * The world as Deno shows it.
 *
 * @module
 */

import { spawnerOf } from "./cluster/child.ts";
import { EXIT } from "./exit_code.ts";
import { CommandFailure } from "./failures.ts";
import { OutputClosed, type Sink, type StopReason, type Surroundings } from "./surroundings.ts";

/** @param script The URL of the script that is running, for starting it again. */
export function systemSurroundings(script: string): Surroundings {
  return {
    args: Deno.args,
    stdin: Deno.stdin.readable,
    isInteractive: Deno.stdin.isTerminal(),
    stdout: sinkOf(Deno.stdout),
    stderr: sinkOf(Deno.stderr),
    env: (name) => Deno.env.get(name),
    openFile: async (path) => {
      const file = await Deno.open(path);
      return { stream: file.readable, sizeBytes: (await file.stat()).size };
    },
    onStop,
    runProgram,
    spawnNode: spawnerOf(script),
  };
}

async function runProgram(
  [name = "", ...args]: readonly string[],
  { env, signal }: {
    readonly env: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(name, { args, env }).spawn();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const detail = { code: "program_failed", exitCode: EXIT.failed };
    throw new CommandFailure(`Cannot run ${name}: ${reason}`, detail);
  }
  const stop = () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It ended by itself meanwhile, as by the same Ctrl-C.
    }
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const { code } = await child.status;
  signal.removeEventListener("abort", stop);
  return code;
}

const COLUMNS_DEFAULT = 80;

function sinkOf(stream: typeof Deno.stdout): Sink {
  const encoder = new TextEncoder();
  return {
    isTerminal: stream.isTerminal(),
    get columns() {
      return consoleColumns();
    },
    write: async (text) => {
      const bytes = typeof text === "string" ? encoder.encode(text) : text;
      try {
        for (let written = 0; written < bytes.length;) {
          written += await stream.write(bytes.subarray(written));
        }
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed("The reader has gone");
        throw error;
      }
    },
  };
}

function consoleColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return COLUMNS_DEFAULT;
  }
}

/** Signals that ask a program to end. Windows knows only the first of them. */
const STOP_SIGNALS: readonly (readonly [Deno.Signal, StopReason])[] = Deno.build.os === "windows"
  ? [["SIGINT", "interrupt"]]
  : [["SIGINT", "interrupt"], ["SIGTERM", "terminate"], ["SIGHUP", "terminate"]];

function onStop(stop: (reason: StopReason) => void): () => void {
  const listeners = STOP_SIGNALS.map(([signal, reason]) => {
    const listener = () => stop(reason);
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return () => listeners.forEach((unlisten) => unlisten());
}
