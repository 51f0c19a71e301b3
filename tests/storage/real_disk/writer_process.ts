/**
 * A writer.ts that was started, and what it says.
 *
 * @module
 */

const WRITER = new URL("./writer.ts", import.meta.url).pathname;

/** How to start a writer. */
export interface WriterOptions {
  readonly path: string;
  /** Where it is to die by itself. */
  readonly die?: string;
  /** A program, with arguments, to run it under. */
  readonly under?: readonly string[];
}

/** A writer that was started. */
export class Writer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  /** What it said so far. */
  readonly lines: string[] = [];
  /** What it wrote to standard error. */
  errors = "";
  #isSilent = false;

  constructor({ path, die, under = [] }: WriterOptions) {
    const deno = [Deno.execPath(), "run", "--quiet", "--no-prompt", "--no-check", "--allow-all"];
    const flags = die === undefined ? [] : [`--die=${die}`];
    const [program, ...args] = [...under, ...deno, WRITER, path, ...flags];
    this.#child = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#read = Promise.all([this.#listen(), this.#collectErrors()]);
  }

  /** The last entry it found when it opened the store; null if it has not come to that. */
  get found(): number | null {
    const line = this.lines.find((line) => line.startsWith("holds "));
    return line === undefined ? null : numberIn(line);
  }

  /** The last entry that was promised to be durable, to it or to one before it. */
  get promised(): number {
    const line = this.lines.findLast((line) => line.startsWith("acked "));
    return line === undefined ? 0 : numberIn(line);
  }

  /** Waits until so many batches were promised, or for its end. */
  async hasPromised(batches: number): Promise<void> {
    await this.until(() =>
      this.lines.filter((line) => line.startsWith("acked ")).length >= batches
    );
  }

  /** Waits for something it says, or for its end. */
  async until(isSaid: () => boolean): Promise<void> {
    while (!this.#isSilent && !isSaid()) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Waits for its end. */
  async ended(): Promise<Deno.CommandStatus> {
    await this.#read;
    return await this.#child.status;
  }

  /** Ends it with SIGKILL. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It was faster.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
    await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #listen(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.lines.push(...lines);
      this.#wake();
    }
    this.#isSilent = true;
    this.#wake();
  }

  async #collectErrors(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.errors += text;
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

function numberIn(line: string): number {
  return Number(line.split(" ")[1]);
}
