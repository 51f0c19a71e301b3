/**
 * A real process of a test, which never outlives it.
 *
 * @module
 */

/** How a process ended. */
export interface ProgramEnd {
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

/** How to run a program. */
export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it leads a process group of its own, as a terminal's foreground program does. */
  readonly isGroupLeader?: boolean;
  /** Hears each line of standard output when it comes. */
  readonly onLine?: (line: string) => void;
}

/** A process that was started, and all it says. */
export class Program implements AsyncDisposable {
  readonly ended: Promise<ProgramEnd>;
  readonly #child: Deno.ChildProcess;
  #stdout = "";
  #stderr = "";
  #hasEnded = false;

  /** Starts `executable`, whose standard input stays open until it ends. */
  constructor(executable: string, args: readonly string[], options: ProgramOptions = {}) {
    const { cwd, env = {}, isGroupLeader = false, onLine = () => {} } = options;
    this.#child = new Deno.Command(executable, {
      args: [...args],
      env: { NO_COLOR: "1", ...env },
      ...cwd === undefined ? {} : { cwd },
      detached: isGroupLeader,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = this.#watch(onLine);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it has written to standard output so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What it has written to standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Sends it a signal, unless it has ended. */
  signal(signal: Deno.Signal): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  /** Gives it `text` as its whole standard input. */
  async input(text: string): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #watch(onLine: (line: string) => void): Promise<ProgramEnd> {
    const { status, stdin, stdout, stderr } = this.#child;
    const splitter = new LineSplitter(onLine);
    const [{ code, signal }] = await Promise.all([
      status,
      collect(stdout, (text) => {
        this.#stdout += text;
        splitter.push(text);
      }),
      collect(stderr, (text) => this.#stderr += text),
    ]);
    this.#hasEnded = true;
    if (!stdin.locked) await stdin.close().catch(() => {});
    return { code, signal };
  }
}

/** Turns pieces of text into lines. */
class LineSplitter {
  #rest = "";
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  onText: (text: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) onText(text);
}
