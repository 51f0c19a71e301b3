/**
 * The world of one run of the program, in memory.
 *
 * @module
 */

import {
  type InputFile,
  OutputClosed,
  run,
  type Sink,
  type StopReason,
  type Surroundings,
} from "@raftkv/cli";

/** What a run is given. */
export interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  /** Standard input as a stream, in place of `stdin`. */
  readonly stdinStream?: ReadableStream<Uint8Array>;
  /** Contents of files by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether standard input, output and error are terminals. */
  readonly isTerminal?: boolean;
  /** Bytes after which nobody reads standard output any more. */
  readonly stdoutBytesMax?: number;
  readonly spawnNode?: Surroundings["spawnNode"];
  readonly runProgram?: Surroundings["runProgram"];
}

/** A stream that remembers. */
export class FakeSink implements Sink {
  readonly isTerminal: boolean;
  readonly columns = 80;
  readonly #bytesMax: number;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor({ isTerminal = false, bytesMax = Infinity } = {}) {
    this.isTerminal = isTerminal;
    this.#bytesMax = bytesMax;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let place = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, place);
      place += chunk.length;
    }
    return all;
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  write(text: string | Uint8Array): Promise<void> {
    const chunk = typeof text === "string" ? new TextEncoder().encode(text) : text;
    if (this.#length + chunk.length > this.#bytesMax) {
      return Promise.reject(new OutputClosed("The reader has gone"));
    }
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    return Promise.resolve();
  }
}

/** Surroundings whose streams can be looked at, and whose user can press Ctrl-C. */
export class FakeSurroundings implements Surroundings {
  readonly stdout: FakeSink;
  readonly stderr: FakeSink;
  readonly stdin: ReadableStream<Uint8Array>;
  readonly isInteractive: boolean;
  readonly spawnNode: Surroundings["spawnNode"];
  readonly runProgram: Surroundings["runProgram"];
  readonly #given: Given;
  readonly #stops = new Set<(reason: StopReason) => void>();

  constructor(readonly args: readonly string[], given: Given = {}) {
    const { isTerminal = false } = given;
    this.#given = given;
    this.isInteractive = isTerminal;
    this.stdout = new FakeSink({ isTerminal, bytesMax: given.stdoutBytesMax ?? Infinity });
    this.stderr = new FakeSink({ isTerminal });
    this.stdin = given.stdinStream ?? ReadableStream.from([bytesOf(given.stdin ?? "")]);
    this.runProgram = given.runProgram ?? (() => {
      throw new Error("This test runs no program");
    });
    this.spawnNode = given.spawnNode ?? (() => {
      throw new Error("This test spawns no node");
    });
  }

  /** Whether anyone listens for requests to stop. */
  get isListening(): boolean {
    return this.#stops.size > 0;
  }

  env(name: string): string | undefined {
    return this.#given.env?.[name];
  }

  openFile(path: string): Promise<InputFile> {
    const text = this.#given.files?.[path];
    if (text === undefined) return Promise.reject(new Deno.errors.NotFound("os error 2"));
    const bytes = bytesOf(text);
    return Promise.resolve({ stream: ReadableStream.from([bytes]), sizeBytes: bytes.length });
  }

  onStop(stop: (reason: StopReason) => void): () => void {
    this.#stops.add(stop);
    return () => void this.#stops.delete(stop);
  }

  stop(reason: StopReason): void {
    for (const stop of this.#stops) stop(reason);
  }
}

/** What a run left. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array;
}

/** Runs the program once. */
export async function raftkv(args: readonly string[], given: Given = {}): Promise<Ran> {
  const surroundings = new FakeSurroundings(args, given);
  const code = await run(surroundings);
  const { stdout, stderr } = surroundings;
  return { code, stdout: stdout.text, stderr: stderr.text, stdoutBytes: stdout.bytes };
}

function bytesOf(content: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}
