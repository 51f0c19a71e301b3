/**
 * Keeps the nodes of a local cluster running: starts them, restarts what dies, stops them all.
 *
 * @module
 */

import { EXIT } from "../exit_code.ts";
import type { ChildEnd, NodeProcess, SpawnNode } from "./child.ts";
import { type NodeReport, parseReport } from "./node_report.ts";
import type { PlannedNode } from "./plan.ts";

/** Something the supervisor's owner may want to tell. */
export type ClusterEvent =
  /** A node said something. */
  | { readonly kind: "report"; readonly node: string; readonly report: NodeReport }
  /** A node's process wrote a line that is no report. */
  | { readonly kind: "stray_line"; readonly node: string; readonly line: string }
  /** A node's process ended by itself and will be started again. */
  | {
    readonly kind: "died";
    readonly node: string;
    readonly reason: string;
    readonly restartMs: number;
  }
  /** A node's process ended by itself and stays down: its data would end it again. */
  | { readonly kind: "left_down"; readonly node: string; readonly reason: string }
  | { readonly kind: "restarting"; readonly node: string }
  /** A node did not stop in time and was killed. */
  | { readonly kind: "killed"; readonly node: string };

/** One-shot timers; returns how to cancel. */
export type After = (delayMs: number, callback: () => void) => () => void;

/** What a supervisor works with. */
export interface SupervisorParts {
  readonly nodes: readonly PlannedNode[];
  readonly spawn: SpawnNode;
  readonly after: After;
  readonly onEvent: (event: ClusterEvent) => void;
}

/** A cluster that cannot run as it was planned: restarting would not help. */
export class ClusterFailed extends Error {
  override readonly name = "ClusterFailed";
}

const RESTART_MS_FIRST = 500;
const RESTART_MS_MAX = 10_000;
/** A node that served so long has earned a quick restart when it dies. */
const PARDON_MS = 30_000;
/** Ends after which the same node on the same data would do no better. */
const BEYOND_RESTART: readonly number[] = [
  EXIT.damaged,
  EXIT.diverged,
  EXIT.lost,
  EXIT.notAMember,
];
/** How long a node may take to hand over and close its files. */
const STOP_MS_MAX = 10_000;

interface Slot {
  readonly node: PlannedNode;
  process: NodeProcess | null;
  /** Whether it ever served: what dies before that was planned wrongly. */
  hasServed: boolean;
  /** Deaths since it last served for long. */
  deaths: number;
  /** What went wrong, in its own words. */
  reason: string | null;
  /** Ends the wait for its restart, or for its pardon while it runs. */
  cancelTimer: () => void;
  /** Resolves once its process and its output have ended; it may be started again after. */
  over: Promise<void>;
}

/** Runs the nodes of a plan until it is stopped. */
export class Supervisor {
  /** Resolves once every node has served. */
  readonly served: Promise<void>;
  /** Rejects with {@linkcode ClusterFailed} if a node cannot run; never resolves. */
  readonly failed: Promise<never>;
  readonly #parts: SupervisorParts;
  readonly #slots: readonly Slot[];
  #isStopping = false;
  #fail: (error: ClusterFailed) => void = () => {};
  #haveServed: () => void = () => {};

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#slots = parts.nodes.map((node) => ({
      node,
      process: null,
      hasServed: false,
      deaths: 0,
      reason: null,
      cancelTimer: () => {},
      over: Promise.resolve(),
    }));
    this.served = new Promise((resolve) => this.#haveServed = resolve);
    this.failed = new Promise((_, reject) => this.#fail = reject);
    // Whoever stops the cluster first does not care any more.
    this.failed.catch(() => {});
  }

  /** Starts every node. */
  start(): void {
    for (const slot of this.#slots) this.#spawn(slot);
  }

  /**
   * Stops every node; resolves once no process is left.
   *
   * @returns Whether each stopped by itself, without being killed.
   */
  async stop(): Promise<boolean> {
    this.#isStopping = true;
    const stopped = await Promise.all(this.#slots.map((slot) => this.#stopOne(slot)));
    return stopped.every((byItself) => byItself);
  }

  async #stopOne(slot: Slot): Promise<boolean> {
    slot.cancelTimer();
    const { process } = slot;
    let isKilled = false;
    process?.terminate();
    const cancel = this.#parts.after(STOP_MS_MAX, () => {
      isKilled = true;
      this.#parts.onEvent({ kind: "killed", node: slot.node.id });
      process?.kill();
    });
    await slot.over;
    cancel();
    return !isKilled;
  }

  #spawn(slot: Slot): void {
    const process = this.#parts.spawn(slot.node);
    slot.process = process;
    slot.reason = null;
    slot.over = this.#watch(slot, process);
  }

  async #watch(slot: Slot, process: NodeProcess): Promise<void> {
    const [end] = await Promise.all([
      process.ended,
      this.#readReports(slot, process.lines),
      this.#readStray(slot, process.errorLines),
    ]);
    slot.process = null;
    slot.cancelTimer();
    if (!this.#isStopping) this.#onDeath(slot, end);
  }

  async #readReports(slot: Slot, lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      const report = parseReport(line);
      if (report === null) this.#stray(slot, line);
      else this.#onReport(slot, report);
    }
  }

  async #readStray(slot: Slot, lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) this.#stray(slot, line);
  }

  #stray(slot: Slot, line: string): void {
    if (line.trim() === "") return;
    this.#parts.onEvent({ kind: "stray_line", node: slot.node.id, line });
  }

  #onReport(slot: Slot, report: NodeReport): void {
    if (report.event === "started") {
      slot.hasServed = true;
      if (this.#slots.every((each) => each.hasServed)) this.#haveServed();
      slot.cancelTimer = this.#parts.after(PARDON_MS, () => slot.deaths = 0);
    }
    // Told once the process has ended, with what follows from it.
    if (report.event === "failed") slot.reason = report.message;
    else this.#parts.onEvent({ kind: "report", node: slot.node.id, report });
  }

  #onDeath(slot: Slot, end: ChildEnd): void {
    const { id } = slot.node;
    const reason = slot.reason ?? describeEnd(end);
    if (!slot.hasServed || end.code === EXIT.usage) {
      this.#fail(new ClusterFailed(`Cannot start ${id}: ${reason}`));
      return;
    }
    if (BEYOND_RESTART.includes(end.code)) {
      this.#parts.onEvent({ kind: "left_down", node: id, reason });
      return;
    }
    const restartMs = Math.min(RESTART_MS_MAX, RESTART_MS_FIRST * 2 ** slot.deaths);
    slot.deaths += 1;
    this.#parts.onEvent({ kind: "died", node: id, reason, restartMs });
    slot.cancelTimer = this.#parts.after(restartMs, () => {
      this.#parts.onEvent({ kind: "restarting", node: id });
      this.#spawn(slot);
    });
  }
}

/** How a process ended, in a few words. */
export function describeEnd({ code, signal }: ChildEnd): string {
  return signal === null ? `its process ended with code ${code}` : `its process got ${signal}`;
}
