/**
 * What the program sees of the world around it, as a port: tests bring their own.
 *
 * @module
 */

import type { SpawnNode } from "./cluster/child.ts";

/** A stream that takes text for people or bytes for programs. */
export interface Sink {
  /** Whether a person reads along. */
  readonly isTerminal: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
  /**
   * Writes all of it.
   *
   * @throws {OutputClosed} if the reader is gone, as behind `| head`
   */
  write(text: string | Uint8Array): Promise<void>;
}

/** Whoever read our output has gone: there is nobody left to tell, and nothing wrong. */
export class OutputClosed extends Error {
  /** Always `OutputClosed`. */
  override readonly name = "OutputClosed";
}

/** A file opened for reading. */
export interface InputFile {
  /** Its size when it was opened. */
  readonly sizeBytes: number;
  /** Its content. */
  readonly stream: ReadableStream<Uint8Array>;
}

/** Everything a command may touch beside the network. */
export interface Surroundings {
  /** The command line without the program's own name. */
  readonly args: readonly string[];
  /** Standard input. */
  readonly stdin: ReadableStream<Uint8Array>;
  /** Whether a person types at standard input. */
  readonly isInteractive: boolean;
  /** Standard output, for results. */
  readonly stdout: Sink;
  /** Standard error, for failures and progress. */
  readonly stderr: Sink;
  /** A variable of the environment. */
  env(name: string): string | undefined;
  /**
   * Opens a file for reading.
   *
   * @throws {Error} if it is not there or not readable
   */
  openFile(path: string): Promise<InputFile>;
  /** Calls back whenever the program is asked to stop; returns how to end that. */
  onStop(stop: (reason: StopReason) => void): () => void;
  /**
   * Runs a program with the same standard streams until it ends; asks it to stop when the signal is
   * aborted.
   *
   * @param program Its name and arguments.
   * @returns Its exit code.
   * @throws {CommandFailure} if it cannot be started
   */
  runProgram(
    program: readonly string[],
    options: { readonly env: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): Promise<number>;
  /** Starts this program once more, as a node. */
  readonly spawnNode: SpawnNode;
}

/** How the program was asked to stop: by Ctrl-C, or by whoever runs it. */
export type StopReason = "interrupt" | "terminate";
