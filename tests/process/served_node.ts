/**
 * A node as a process of its own, which can be killed, paused and started again.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { connect, type Kv, type NodeStatusJson } from "@raftkv/client";
import { type NodeReport, parseReport } from "../../cli/cluster/node_report.ts";
import { EXIT } from "../../cli/exit_code.ts";
import { nodeInvocation } from "../../cli/program.ts";
import { Program, type ProgramEnd } from "./program.ts";
import { until } from "./until.ts";

/** The program, as a node is run from a checkout. */
export const MAIN: string = new URL("../../cli/main.ts", import.meta.url).href;

/** A line of a node, and when it came. */
export interface Heard {
  readonly report: NodeReport;
  readonly atMs: number;
}

/** What makes a node. */
export interface ServedNodeOptions {
  /** Its id; of one that joins, what it is called until it has been given one. */
  readonly id: string;
  readonly url: string;
  readonly dataDir: string;
  /** `--id` and `--cluster`, or `--join`. */
  readonly origin: readonly string[];
  /** Further flags of `raftkv serve`. */
  readonly flags: readonly string[];
  /** Further flags of the runtime; none if not given. */
  readonly runtimeFlags?: readonly string[];
}

/** One node of a real cluster, running or not. */
export class ServedNode implements AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  /** Asks this node and no other. */
  readonly client: Kv;
  /** Lines that are no reports: there should be none. */
  readonly stray: string[] = [];
  readonly #args: readonly string[];
  readonly #runtimeFlags: readonly string[];
  #id: string;
  #program: Program | null = null;
  #heard: Heard[] = [];
  #isPaused = false;

  constructor({ id, url, dataDir, origin, flags, runtimeFlags = [] }: ServedNodeOptions) {
    this.#id = id;
    this.#runtimeFlags = runtimeFlags;
    this.url = url;
    this.dataDir = dataDir;
    this.client = connect({ endpoints: [url], discover: false });
    const own = ["--listen", new URL(url).host, "--data", dataDir];
    // Supervised, it stops when the pipe to this test breaks, whatever becomes of the test.
    this.#args = ["serve", "--supervised", "--json", ...own, ...origin, ...flags];
  }

  get id(): string {
    return this.#id;
  }

  /** Whether it can be expected to answer. */
  get isRunning(): boolean {
    return this.#program !== null && !this.#isPaused;
  }

  /** Its process, or null if there is none. */
  get pid(): number | null {
    return this.#program?.pid ?? null;
  }

  /** What it reported since its last start. */
  get heard(): readonly Heard[] {
    return this.#heard;
  }

  /** Starts its process, which serves some time later; flags given now prevail over the node's. */
  start(flags: readonly string[] = []): void {
    this.#heard = [];
    const { executable, args } = nodeInvocation(MAIN, {
      dataDir: this.dataDir,
      args: [...this.#args, ...flags],
    });
    const [run = "", ...others] = args;
    const whole = [run, ...this.#runtimeFlags, ...others];
    this.#program = new Program(executable, whole, { onLine: (line) => this.#onLine(line) });
  }

  /** Ends its process as a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to stop and waits for that. */
  async stop(): Promise<ProgramEnd> {
    return await this.#end("SIGTERM");
  }

  /** Stops its process in mid-air: to the others it looks like one cut off. */
  pause(): void {
    this.#isPaused = true;
    this.#program?.signal("SIGSTOP");
  }

  /** Lets a paused process go on, none the wiser. */
  resume(): void {
    this.#isPaused = false;
    this.#program?.signal("SIGCONT");
  }

  /** How it sees itself. */
  async status(): Promise<NodeStatusJson> {
    const { nodes, nodeId } = await this.client.status();
    this.#id = nodeId;
    const own = nodes.find((node) => node.id === nodeId);
    if (own === undefined) throw new Error(`Cannot find ${this.id} in its own status`);
    return own;
  }

  /** Waits for a report since its last start. */
  report(what: string, matches: (report: NodeReport) => boolean): Promise<Heard> {
    return until(
      `${this.id} to report ${what}`,
      () => this.#heard.find(({ report }) => matches(report)),
    );
  }

  /** Waits until it has ended because it is no member any more. */
  async expelled(): Promise<void> {
    await until(`${this.id} to end`, () => this.#program?.hasEnded);
    const { code } = await this.#end("SIGKILL");
    const last = this.stray.pop() ?? "";
    assertEquals([code, parseReport(last)?.event], [EXIT.notAMember, "failed"], last);
    // It may have been started more than once, and have been told each time.
    const isTold = (line: string) => line.includes("is no member of its cluster");
    assertEquals([last, ...this.stray].filter((line) => !isTold(line)), []);
    this.stray.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.client[Symbol.asyncDispose]();
  }

  async #end(signal: Deno.Signal): Promise<ProgramEnd> {
    const program = this.#program;
    if (program === null) return { code: 0, signal: null };
    this.#isPaused = false;
    program.signal(signal);
    const end = await program.ended;
    this.#program = null;
    if (program.stderr !== "") this.stray.push(program.stderr);
    return end;
  }

  #onLine(line: string): void {
    const report = parseReport(line);
    if (report === null || report.event === "failed" || report.event === "internal_error") {
      this.stray.push(line);
    }
    if (report !== null) this.#heard.push({ report, atMs: performance.now() });
  }
}
