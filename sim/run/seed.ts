/**
 * One run: a world and its clients drawn from a seed, a storm, then a connected core that must serve,
 * converge and still hold everything that was acknowledged.
 *
 * @module
 */

import { invariant, InvariantViolation, pcg32, type Random } from "@raftkv/core";
import { isJoint, type NodeId } from "@raftkv/core/raft";
import { StateDivergedError, type StateMachine } from "@raftkv/core/replica";
import { nextTurn } from "@raftkv/storage/memory";
import { anyTimeMs } from "../chance.ts";
import { Cluster } from "../cluster.ts";
import { drawCore } from "./core.ts";
import { Storm, type StormState, type World } from "./fault.ts";
import { FAULT_CLASSES } from "./faults.ts";
import { MarkWatch } from "./mark_watch.ts";
import { Marks } from "./marks.ts";
import { calm } from "./mend.ts";
import { describePlan, type Plan, type PlanLimits, planOf } from "./plan.ts";
import type { Violation, Workload, WorkloadKind } from "./workload.ts";

/** In how many runs all nodes start anew once the faults are over. */
const RESTART_SHARE = 0.3;

/** What clients do in the core once it serves, and how long they take from one to the next. */
const LAST_DEEDS = 40;
const LAST_PAUSE_MS = 20;

/** How a seed is run. */
export interface RunOptions<Result> extends PlanLimits {
  /** The state machine and its clients. */
  readonly workload: WorkloadKind<Result>;
  /** Takes every event as a line. */
  readonly onLine?: (line: string) => void;
}

/** What a run came to. */
export interface SeedReport {
  /** The seed. */
  readonly seed: number;
  /** What it drew, in one line. */
  readonly plan: string;
  /** How much virtual time went by, in milliseconds. */
  readonly virtualMs: number;
  /** How many events the trace holds, and their hash: equal in every run of the seed. */
  readonly digest: string;
  /** What came about, and how often. */
  readonly marks: ReadonlyMap<string, number>;
  /** How many requests of clients were answered. */
  readonly answered: number;
  /** The first promise that was broken, or null. */
  readonly violation: Violation | null;
  /** The last events before the end, if a promise was broken. */
  readonly lastEvents: readonly string[];
}

/** Runs one seed. Never throws for a broken promise: the report says which. */
export async function runSeed<Result>(
  seed: number,
  options: RunOptions<Result>,
): Promise<SeedReport> {
  const plan = planOf(seed, options);
  const run = new Run(plan, options);
  const violation = await run.carryOut();
  const { world } = run;
  return {
    seed,
    plan: describePlan(plan),
    virtualMs: world.queue.nowMs,
    digest: world.trace.digest,
    marks: run.marks.counts,
    answered: run.answeredCount,
    violation,
    lastEvents: violation === null ? [] : world.trace.lastLines,
  };
}

/** A run under way. */
class Run<Result> {
  readonly world: Cluster<Result>;
  readonly marks = new Marks();
  readonly #plan: Plan;
  readonly #kind: WorkloadKind<Result>;
  readonly #workload: Workload;
  readonly #watch: MarkWatch;
  readonly #random: Random;
  readonly #storm: StormState = {
    isOver: false,
    leaving: new Set(),
    harmed: new Set(),
    doubtful: new Set(),
  };

  constructor(plan: Plan, { workload, onLine }: RunOptions<Result>) {
    this.#plan = plan;
    this.#kind = workload;
    // Every part of a run has a chance of its own, so that leaving one out disturbs the others least.
    this.#random = pcg32(16 * plan.seed + 2);
    this.world = new Cluster<Result>({ ...plan, createMachine: () => workload.createMachine() });
    this.world.trace.onLine = onLine ?? null;
    this.#watch = new MarkWatch(this.world, this.marks);
    this.world.witnesses.add(this.#watch);
    this.#workload = workload.create({
      world: this.world,
      random: pcg32(16 * plan.seed + 3),
      marks: this.marks,
    });
  }

  /** How many requests of clients were answered. */
  get answeredCount(): number {
    return this.#workload.answeredCount;
  }

  /** Goes through the phases; returns the first promise that was broken. */
  async carryOut(): Promise<Violation | null> {
    try {
      await this.#rage();
      const core = await this.#heal();
      await this.#converge(core);
      return this.#judge(core);
    } catch (error) {
      // Whatever did not come about: a node that ended comes first.
      return this.#endWithoutCause() ?? violationFrom(error);
    }
  }

  async #rage(): Promise<void> {
    const { world, marks } = this;
    this.#workload.begin();
    for (const [at, fault] of FAULT_CLASSES.entries()) {
      if (!this.#plan.faults.includes(fault.name)) continue;
      const random = pcg32(16 * this.#plan.seed + 1_000_003 * (at + 1));
      fault.begin(new Storm({ world, random, marks, state: this.#storm }));
    }
    this.#act();
    await this.#runFor(this.#plan.stormMs);
    this.#storm.isOver = true;
  }

  #act(): void {
    this.world.queue.after(anyTimeMs(this.#random, this.#plan.actMsMean), () => {
      if (this.#storm.isOver) return;
      this.#workload.act();
      this.#act();
    });
  }

  /** Ends the faults, and leaves a connected core; the others are dead or cut off. */
  async #heal(): Promise<ReadonlySet<NodeId>> {
    const { world } = this;
    calm(world);
    if (this.#random() < RESTART_SHARE) this.#restartAll();
    await this.#endChanges();
    // What they hold has to be seen before it is known who is needed.
    await this.#runUntil("every disk is read again", 60_000, () => {
      return world.nodes.every(({ id, isUp }) =>
        isUp || world.lost.has(id) || !world.hasStarted(id)
      );
    });
    const core = drawCore(world, this.#random);
    const others = world.nodes.map(({ id }) => id).filter((id) => !core.has(id));
    world.trace.note(`core: ${[...core].join(" ")}`);
    for (const id of others) {
      if (world.node(id).isUp && this.#random() < 0.5) world.crash(id);
    }
    world.partition([...core], others);
    return core;
  }

  /** What only memory holds must not be what the healing rests on. */
  #restartAll(): void {
    const { world } = this;
    world.trace.note("* all nodes start anew");
    this.marks.hit("all nodes started anew before they were healed");
    const running = world.nodes.filter(({ isUp }) => isUp);
    for (const { id } of running) world.crash(id);
    for (const { id } of running) world.start(id);
  }

  /**
   * Waits, with nobody hearing anyone, until no change of the membership is asked for any more and no
   * leader takes a learner for caught up: a change that is begun later could leave the core without a
   * majority.
   */
  async #endChanges(): Promise<void> {
    const { world } = this;
    const mayPromote = world.nodes.some((node) => (node.configuration?.candidates.length ?? 0) > 0);
    if (!mayPromote && !world.requests.isAnyOpen("change_membership")) return;
    const ids = world.nodes.map(({ id }) => id);
    const end = world.network.cutAll(ids.flatMap((from) => ids.map((to) => ({ from, to }))));
    await this.#runUntil("I39 a change of the membership ends by its deadline", 60_000, () => {
      return !world.requests.isAnyOpen("change_membership");
    });
    await this.#runFor(2 * this.#plan.timing.electionTimeoutMsMax);
    end();
  }

  /** One leader, no joint configuration, and fresh writes and reads at every node of the core. */
  async #converge(core: ReadonlySet<NodeId>): Promise<void> {
    const { world } = this;
    const limitMs = 5_000 + 20 * this.#plan.timing.electionTimeoutMsMax;
    const leads = () => world.leaders().filter(({ id }) => core.has(id));
    await this.#runUntil("I38 the core has one leader and no joint configuration", limitMs, () => {
      const [leader, ...rivals] = leads();
      if (leader === undefined || rivals.length > 0) return false;
      const configuration = world.node(leader.id).configuration!;
      return !isJoint(configuration) && this.#coreMembers(core).every((id) => {
        return world.node(id).status()?.leaderId === leader.id;
      });
    });
    for (const id of this.#coreMembers(core)) await this.#serves(id, core);
    // What the storm has done to the state shows when it is used.
    for (let deed = 0; deed < LAST_DEEDS; deed++) {
      this.#workload.act();
      await this.#runFor(LAST_PAUSE_MS);
    }
    this.#workload.settle();
    await this.#runUntil("I39 every request ends by its deadline", 120_000, () => {
      return this.#workload.openCount === 0 && world.requests.openCount === 0;
    });
    await this.#runUntil("I45 the members of the core come to the same state", 60_000, () => {
      const statuses = this.#coreMembers(core).map((id) => world.node(id).status()!);
      const [first] = statuses;
      // None where nobody leads for a moment, after the leader has left.
      return first !== undefined && statuses.every(({ appliedIndex, lastIndex }) => {
        return appliedIndex === first.lastIndex && lastIndex === appliedIndex;
      });
    });
  }

  /**
   * A fresh write and a fresh read end well at a node. Meanwhile the leader may change, and a change
   * of the membership that was under way may remove the node.
   */
  async #serves(id: NodeId, core: ReadonlySet<NodeId>): Promise<void> {
    const { world } = this;
    const ended = { write: false, read: false };
    let isOver = false;
    const again = (ask: () => void) => world.queue.after(10, () => isOver || ask());
    const write = () => {
      world.propose(id, this.#kind.probe(), {
        onEnd: ({ kind }) => kind === "applied" ? ended.write = true : again(write),
      });
    };
    const read = () => {
      world.read(id, {
        onEnd: ({ kind }) => kind === "readable" ? ended.read = true : again(read),
      });
    };
    write();
    read();
    const limitMs = 5_000 + 10 * this.#plan.timing.electionTimeoutMsMax;
    await this.#runUntil(`I38 fresh writes and reads are served at ${id}`, limitMs, () => {
      return (ended.write && ended.read) || !this.#coreMembers(core).includes(id);
    });
    // Who has left meanwhile is asked no more.
    isOver = true;
  }

  #coreMembers(core: ReadonlySet<NodeId>): NodeId[] {
    const [leader] = this.world.leaders().filter(({ id }) => core.has(id));
    const members = leader === undefined ? [] : this.world.node(leader.id).configuration!.members;
    return members.map(({ id }) => id).filter((id) => core.has(id));
  }

  #judge(core: ReadonlySet<NodeId>): Violation | null {
    const { world } = this;
    const end = this.#endWithoutCause();
    if (end !== null) return end;
    const members = this.#coreMembers(core);
    this.#watch.onEnd();
    const states = members.map((id) => ({ id, bytes: stateOf(world, id) }));
    const [first] = states;
    for (const { id, bytes } of states) {
      if (bytes === first?.bytes) continue;
      const evidence = `${first?.id} and ${id} differ: ${first?.bytes} and ${bytes}`;
      return { invariant: "I45 replicas are byte-equal", evidence };
    }
    const final = world.node(members[0]!).machine as StateMachine<unknown>;
    return this.#workload.judge(final)[0] ?? null;
  }

  /** A sound state must never be taken for another one; a disk may end a node if it was harmed. */
  #endWithoutCause(): Violation | null {
    for (const { id, error } of this.world.halted) {
      if (isOfDisk(error) && this.#storm.harmed.has(id)) continue;
      const invariant = error instanceof StateDivergedError
        ? "I13 equal states: no replica finds itself in a state that the others do not share"
        : "no node ends without a cause";
      return { invariant, evidence: `${id}: ${describe(error)}` };
    }
    return null;
  }

  async #runFor(ms: number): Promise<void> {
    const { queue } = this.world;
    const endMs = queue.nowMs + ms;
    while (queue.nextMs <= endMs) {
      queue.step();
      if (queue.owesTurn) await this.#turn();
    }
    queue.advanceTo(endMs);
  }

  async #runUntil(what: string, limitMs: number, condition: () => boolean): Promise<void> {
    const { queue, nodes } = this.world;
    const endMs = queue.nowMs + limitMs;
    while (!condition()) {
      invariant(queue.nextMs <= endMs, `${what}, within ${limitMs} virtual ms`, () => {
        return { open: [...this.world.requests.open], nodes: nodes.map((node) => node.status()) };
      });
      queue.step();
      if (queue.owesTurn) await this.#turn();
    }
  }

  /** Lets everything asynchronous run until it waits for virtual time again. */
  async #turn(): Promise<void> {
    this.world.queue.owesTurn = false;
    await nextTurn();
  }
}

/** The bytes of a node's state, as text. */
function stateOf(world: World, id: NodeId): string {
  const capture = world.node(id).capture();
  if (capture === null) return "none";
  let text = "";
  for (const slice of capture.slices) text += slice.toHex();
  return text;
}

function isOfDisk(error: unknown): boolean {
  return !(error instanceof InvariantViolation || error instanceof StateDivergedError);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? `${error.stack}` : `${error.stack}\n${describe(error.cause)}`;
}

function violationFrom(error: unknown): Violation {
  if (error instanceof InvariantViolation) {
    const [invariant = ""] = error.message.split(": {");
    return { invariant, evidence: `${JSON.stringify(error.detail)}\n${error.stack}` };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { invariant: `nothing throws: ${message}`, evidence: stack ?? "" };
}
