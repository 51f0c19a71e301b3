/**
 * Every state that a single node was seen in, and what each input makes of it. A step of the cluster
 * concerns one node; so the core runs once for each pair of node state and input, however many
 * cluster states they occur in.
 *
 * @module
 */

import type { NodeId, Term } from "@raftkv/core/raft";
import { Actor, type Disk, diskAfter, EMPTY_DISK, type Input } from "./actor.ts";
import { type Event, KINDS, packEvent, unpackEvent } from "./event.ts";
import { NODES } from "./fingerprint.ts";
import { Interner } from "./interner.ts";
import type { Messages } from "./messages.ts";
import { blaming } from "./rule_broken.ts";
import { checkGrant, checkSent, checkStep, voteIn } from "./rules.ts";
import { type View, viewOf } from "./view.ts";

/** How a node came to a state: from another by an event, or by starting from a disk. */
type Origin =
  | { readonly kind: "started"; readonly disk: Disk }
  | { readonly kind: "stepped"; readonly from: number; readonly event: number };

/** A state of one node. */
export interface Local {
  /** What the rules look at. */
  readonly view: View;
  /** Whether a batch is on its way to the disk. */
  readonly isWriting: boolean;
  readonly origin: Origin;
  /** What comes of each kind of event and argument, as far as it was tried. */
  readonly outcomes: Map<number, readonly Step[]>;
}

/** A vote that left its voter. */
export interface Vote {
  readonly voter: NodeId;
  readonly term: Term;
  readonly candidate: NodeId;
}

/** What a search must have come to, or it has looked at less than it seems. */
export type Mark =
  | "a node is elected"
  | "entries are cut from a log"
  | "a crash loses what was not synced"
  | "a read is found safe"
  | "an entry is committed";

/** What an event makes of a node. */
export interface Step {
  /** The event, packed. */
  readonly event: number;
  /** The state it comes to. */
  readonly to: number;
  /** What it sends. */
  readonly added: readonly number[];
  /** The votes among it. */
  readonly votes: readonly Vote[];
  /** Whether it leads in a term in which it did not before. */
  readonly isElected: boolean;
  /** Whether its log, disk, commit index or what it believes of others has changed. */
  readonly isNews: boolean;
  /** What came about. */
  readonly marks: readonly Mark[];
}

/** Nothing that changes anything. */
const NO_STEPS: readonly Step[] = [];

/** All states of single nodes. */
export class Locals {
  readonly #states = new Interner<Local>();
  readonly #messages: Messages;
  readonly #termMax: () => Term;
  /** How often the core was made to take a step that nobody knew the outcome of. */
  coreSteps = 0;

  /** @param termMax Messages that ask for a later term are not sent. */
  constructor(messages: Messages, termMax: () => Term) {
    this.#messages = messages;
    this.#termMax = termMax;
  }

  /** How many there are. */
  get count(): number {
    return this.#states.kept.length;
  }

  /** The fingerprints, by number. */
  get lanes(): Uint32Array {
    return this.#states.lanes;
  }

  /** Forgets what was found out about events. */
  forgetOutcomes(): void {
    for (const { outcomes } of this.#states.kept) outcomes.clear();
  }

  /** A state by its number. */
  at(id: number): Local {
    return this.#states.kept[id] as Local;
  }

  /** The state of a new node. */
  fresh(node: number): number {
    return this.#started(NODES[node] as NodeId, EMPTY_DISK);
  }

  /**
   * What may come of an event: with a disk that keeps up and with one that lags, or nothing if it
   * changes nothing or leads beyond the last term.
   *
   * @throws {RuleBroken} if a rule is broken
   */
  outcomes(id: number, event: Omit<Event, "keepsUp">): readonly Step[] {
    const local = this.at(id);
    const key = event.argument * 8 + KINDS.indexOf(event.kind);
    const known = local.outcomes.get(key);
    if (known !== undefined) return known;
    const take = (each: Event) => blaming(packEvent(each), () => this.#take(id, each));
    const swift = take({ ...event, keepsUp: true });
    const slow = event.kind === "crash" ? swift : take({ ...event, keepsUp: false });
    const steps = (slow.to === swift.to ? [swift] : [swift, slow])
      .filter(({ added, to }) => to !== id || added.length > 0)
      .filter(({ to }) => this.at(to).view.term <= this.#termMax());
    local.outcomes.set(key, steps.length === 0 ? NO_STEPS : steps);
    return steps;
  }

  #take(id: number, event: Event): Step {
    this.coreSteps++;
    const actor = this.#replay(id);
    const before = this.at(id).view;
    if (event.kind === "crash") return this.#crash(actor, event);
    actor.take(this.inputOf(event), event.keepsUp);
    const { sent, grants } = actor.takeOutput();
    const packed = packEvent(event);
    const to = this.#add(actor, { kind: "stepped", from: id, event: packed });
    const after = this.at(to).view;
    for (const each of sent) checkSent(after, each);
    for (const grant of grants) checkGrant(grant);
    checkStep(before, after);
    const votes = sent.flatMap((each) => {
      const candidate = voteIn(after, each);
      return candidate === null ? [] : [{ voter: after.id, term: each.message.term, candidate }];
    });
    const isElected = after.role === "leader" &&
      (before.role !== "leader" || before.term !== after.term);
    const marks: Mark[] = [];
    if (isElected) marks.push("a node is elected");
    if (grants.length > 0) marks.push("a read is found safe");
    if (isCut(before, after)) marks.push("entries are cut from a log");
    return {
      event: packed,
      to,
      added: this.#messages.addAll(after.id, { sent, termMax: this.#termMax() }),
      votes,
      isElected,
      isNews: hasNews(before, after),
      marks,
    };
  }

  #crash(actor: Actor, event: Event): Step {
    const { batch, disk, id } = actor;
    const left = event.argument === 1 && batch !== null ? diskAfter(disk, batch) : disk;
    const to = this.#started(id, left);
    const isLoss = batch !== null && event.argument === 0;
    const marks: Mark[] = isLoss ? ["a crash loses what was not synced"] : [];
    const none = { added: [], votes: [], isElected: false };
    return { ...none, event: packEvent(event), to, isNews: true, marks };
  }

  /** The input that an event stands for. */
  inputOf({ argument, kind }: Event): Input {
    switch (kind) {
      case "message":
        return { kind, ...this.#messages.at(argument) };
      case "propose":
        return { kind, command: argument };
      case "read":
        return { kind, committed: argument };
      case "timer":
      case "silence":
      case "persisted":
        return { kind };
      case "crash":
        throw new TypeError("Cannot give a node a crash as its input");
    }
  }

  #started(id: NodeId, disk: Disk): number {
    return this.#add(new Actor(id, disk), { kind: "started", disk });
  }

  #add(actor: Actor, origin: Origin): number {
    return this.#states.idOf({ value: actor, nowMs: actor.nowMs }, () => ({
      view: viewOf(actor),
      isWriting: actor.batch !== null,
      origin,
      outcomes: new Map(),
    }));
  }

  /** Makes a node in this state, by going the way that first led there. */
  #replay(id: number): Actor {
    const events: Event[] = [];
    for (let at = id;;) {
      const { origin, view } = this.at(at);
      if (origin.kind === "started") {
        const actor = new Actor(view.id, origin.disk);
        for (const event of events.reverse()) actor.take(this.inputOf(event), event.keepsUp);
        actor.takeOutput();
        return actor;
      }
      events.push(unpackEvent(origin.event));
      at = origin.from;
    }
  }
}

function isCut(before: View, after: View): boolean {
  return before.log.some((entry, at) => after.log[at] !== entry);
}

function hasNews(before: View, after: View): boolean {
  if (before.commitIndex !== after.commitIndex || before.hardState !== after.hardState) return true;
  if (before.log.length !== after.log.length || before.durable !== after.durable) return true;
  if (before.log.some((entry, at) => entry !== after.log[at])) return true;
  for (const [peer, match] of after.matches) if (before.matches.get(peer) !== match) return true;
  return false;
}
