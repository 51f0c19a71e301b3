/**
 * Node processes that do what a test tells them.
 *
 * @module
 */

import type { ChildEnd, NodeProcess, SpawnNode } from "../../cli/cluster/child.ts";
import type { NodeReport } from "../../cli/cluster/node_report.ts";

/** A process whose test speaks for it. */
export class FakeProcess implements NodeProcess {
  readonly lines: AsyncIterable<string>;
  readonly errorLines: AsyncIterable<string>;
  readonly ended: Promise<ChildEnd>;
  /** Whether it stops when it is asked to. */
  isObedient = true;
  isRunning = true;
  readonly #lines: ReadableStreamDefaultController<string>;
  readonly #errorLines: ReadableStreamDefaultController<string>;
  readonly #end: (end: ChildEnd) => void;

  constructor(readonly args: readonly string[]) {
    [this.lines, this.#lines] = channel();
    [this.errorLines, this.#errorLines] = channel();
    const { promise, resolve } = Promise.withResolvers<ChildEnd>();
    this.ended = promise;
    this.#end = resolve;
  }

  report(report: NodeReport): void {
    this.#lines.enqueue(JSON.stringify(report));
  }

  complain(line: string): void {
    this.#errorLines.enqueue(line);
  }

  end(end: ChildEnd): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.#lines.close();
    this.#errorLines.close();
    this.#end(end);
  }

  terminate(): void {
    if (this.isObedient) this.end({ code: 0, signal: null });
  }

  kill(): void {
    this.end({ code: 137, signal: "SIGKILL" });
  }
}

/** Remembers what was spawned. */
export class FakeSpawner {
  readonly spawned: FakeProcess[] = [];
  /** Called with each new process. */
  onSpawn: (process: FakeProcess, dataDir: string) => void = () => {};

  readonly spawn: SpawnNode = ({ dataDir, args }) => {
    const process = new FakeProcess(args);
    this.spawned.push(process);
    this.onSpawn(process, dataDir);
    return process;
  };

  get running(): number {
    return this.spawned.filter((process) => process.isRunning).length;
  }
}

function channel(): [AsyncIterable<string>, ReadableStreamDefaultController<string>] {
  let control: ReadableStreamDefaultController<string> | undefined;
  const stream = new ReadableStream<string>({
    start: (controller) => {
      control = controller;
    },
  });
  if (control === undefined) throw new Error("The stream did not start");
  return [stream, control];
}
