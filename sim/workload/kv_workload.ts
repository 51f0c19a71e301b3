/**
 * Clients of the key-value store for simulated runs, and the judgement of all that they saw.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import { type CommandResult, encodeCommand, type KvReader, KvStateMachine } from "@raftkv/core/kv";
import type { StateMachine } from "@raftkv/core/replica";
import { WALL_AT_START_MS } from "../clock.ts";
import type { Cluster } from "../cluster.ts";
import {
  checkHistory,
  DEFAULT_LIMITS,
  type HistoryAccount,
  HistoryRecorder,
  type JournalEntry,
  type KvAnswer,
  type KvRequest,
  type ReferenceExpiry,
  timelinePage,
  type TrueTime,
} from "../history/mod.ts";
import type { Marks } from "../run/marks.ts";
import type { Violation, Workload, WorkloadKind, WorkloadParts } from "../run/workload.ts";
import { act, anyWatch } from "./deeds.ts";
import { Errands, LEASE_READ_MARKS } from "./errands.ts";
import { ACCOUNTS, EVERYTHING, keyOf } from "./keyspace.ts";
import { type Hearsay, KvClient } from "./kv_client.ts";
import { LogBook } from "./log_book.ts";
import { Skeptic, SKEPTIC_MARK } from "./skeptic.ts";
import { Watcher } from "./watcher.ts";

/** The key-value store and its clients. */
export const KV: WorkloadKind<CommandResult> = {
  name: "kv",
  marks: [
    "a client never learned what became of its write",
    "an answer was given again",
    "an answer was given again by another leader",
    "a session was forgotten",
    "a session that never was is refused",
    "a read was asked for under one leader and answered under another",
    SKEPTIC_MARK,
    LEASE_READ_MARKS.lease,
    LEASE_READ_MARKS.quorum,
    "the past was compacted by hand",
    "a comparison failed",
    "the past was read",
    "a lease was renewed",
    "a lease ran out",
    "a lease ran out under another leader than it was last renewed under",
    "a renewal was refused",
    "a lock was taken again",
    "a write was refused because its lock was lost",
    "a watch went on at another node",
    "a watch came to a node that was behind it",
    "a watch was told that the past is compacted",
  ],
  createMachine: () => new KvStateMachine(),
  create: (parts) => new KvWorkload(parts),
  probe: () => PROBE,
};

const PROBE = encodeCommand({
  kind: "commit",
  operations: [{
    kind: "put",
    key: keyOf("probe"),
    value: new Uint8Array(0),
    encoding: "bytes",
  }],
});

class KvWorkload implements Workload {
  readonly #world: Cluster<CommandResult>;
  readonly #random: Random;
  readonly #marks: Marks;
  readonly #recorder: HistoryRecorder<KvRequest, KvAnswer>;
  readonly #book = new LogBook([PROBE]);
  readonly #errands: Errands;
  readonly #hearsay: Hearsay = { revision: 1, leases: [] };
  readonly #clients: readonly KvClient[];
  readonly #watchers: Watcher[] = [];
  readonly #skeptic: Skeptic;
  #quietUntilMs = 0;
  #settledMs = Infinity;
  #leasesAreLeft = false;

  constructor({ world, random, marks }: WorkloadParts<CommandResult>) {
    this.#world = world;
    this.#random = random;
    this.#marks = marks;
    this.#recorder = new HistoryRecorder(() => world.queue.nowMs);
    const recorder = this.#recorder;
    this.#errands = new Errands({ world, random, marks, recorder, book: this.#book });
    this.#skeptic = new Skeptic({ world, random, marks, errands: this.#errands });
    world.witnesses.add(this.#book);
    this.#clients = Array.from({ length: 2 + Math.floor(random() * 5) }, (_, at) => {
      const home = world.nodes[at % world.nodes.length]!.id;
      const errands = this.#errands;
      const hearsay = this.#hearsay;
      return new KvClient({ name: `c${at + 1}`, home, random, marks, errands, hearsay });
    });
  }

  get openCount(): number {
    return this.#errands.openCount + (this.#leasesAreLeft ? 1 : 0);
  }

  get answeredCount(): number {
    return this.#errands.answeredCount;
  }

  begin(): void {
    this.#skeptic.begin();
    for (const client of this.#clients) {
      client.openSession();
      this.#watch(client);
    }
  }

  act(): void {
    const { nowMs } = this.#world.queue;
    if (nowMs < this.#quietUntilMs) return;
    if (this.#random() < QUIET_RATE) {
      this.#quietUntilMs = nowMs + 1_000 * Math.pow(12, this.#random());
      return;
    }
    const client = this.#clients[Math.floor(this.#random() * this.#clients.length)]!;
    if (client.isBusy) return;
    if (this.#watchers.length < WATCHERS_MAX && this.#random() < WATCH_RATE) this.#watch(client);
    else act(client);
  }

  settle(): void {
    this.#skeptic.settle();
    this.#errands.settle();
    this.#settledMs = this.#world.queue.nowMs;
    this.#leasesAreLeft = true;
    this.#awaitLeases();
  }

  judge(final: StateMachine<unknown>): readonly Violation[] {
    const history = this.#recorder.operations;
    const account = this.#account(final);
    const { findings, undecided, leasesExpired } = checkHistory(account, LIMITS);
    if (leasesExpired.length > 0) this.#marks.hit("a lease ran out");
    if (leasesExpired.some((expiry) => isOfLaterTerm(expiry, account.journal))) {
      this.#marks.hit("a lease ran out under another leader than it was last renewed under");
    }
    const [first] = findings;
    if (first !== undefined) {
      const evidence = findings.map((each) => `${each.rule}: ${each.evidence}`).join("\n\n");
      return [{ invariant: first.rule, evidence, page: timelinePage(history, findings) }];
    }
    return undecided.map((evidence) => ({ invariant: "I23 every history is decided", evidence }));
  }

  #account(final: StateMachine<unknown>): HistoryAccount & { readonly journal: JournalEntry[] } {
    const history = this.#recorder.operations;
    const reader = final as unknown as KvReader;
    const everything = { ...EVERYTHING, limit: Infinity, bytesMax: Infinity };
    const holdings = this.#clients.flatMap(({ locks }) => locks.holdings).map((taken) => {
      const { invoked, ended } = history[taken.operation]!;
      return { ...taken, invoked, ended: ended! };
    });
    const journal = this.#book.journal(history);
    return {
      history,
      journal,
      watches: this.#watchers.map((watcher) => watcher.finish(final)),
      holdings,
      fencedWrites: this.#clients.flatMap(({ locks }) => locks.writes),
      totals: [{ ...ACCOUNTS, total: 0n }],
      finalRecords: reader.range(everything).records,
      trueTime: this.#trueTime(),
    };
  }

  /** Wall clocks tell true time unless somebody has put one forward or back. */
  #trueTime(): TrueTime {
    return {
      trueMsOf: ({ timeMs }: JournalEntry) => timeMs - WALL_AT_START_MS,
      clocksAreRight: this.#world.nodes.every(({ clock }) => clock.isWallRight),
      calmSinceMs: this.#settledMs,
      endMs: this.#world.queue.nowMs,
    };
  }

  #watch(client: KvClient): void {
    const pauseMs = 30 * Math.pow(100, this.#random());
    const name = `${client.name}.w${this.#watchers.length + 1}`;
    const plan = { ...anyWatch(client), name, pauseMs };
    const moment = () => this.#recorder.moment();
    const parts = { world: this.#world, random: this.#random, marks: this.#marks, moment };
    this.#watchers.push(new Watcher(plan, parts));
  }

  /** Nobody renews any more: every lease must end, and soon. */
  #awaitLeases(): void {
    const { queue } = this.#world;
    const [leader] = this.#world.leaders();
    const machine = leader === undefined ? null : this.#world.node(leader.id).machine;
    const reader = machine as unknown as KvReader | null;
    const isOver = queue.nowMs - this.#settledMs > LEASES_MS_MAX;
    if (this.#errands.openCount === 0 && (isOver || reader?.leaseIds(0, 1).length === 0)) {
      this.#leasesAreLeft = false;
      return;
    }
    queue.after(200, () => this.#awaitLeases());
  }
}

/** Whether a lease was granted or last renewed in an earlier term than that in which it ran out. */
function isOfLaterTerm(
  { lease, index }: ReferenceExpiry,
  journal: readonly JournalEntry[],
): boolean {
  const begun = journal.findLast(({ index: at, result }) => {
    const isBegun = result.kind === "lease_granted" || result.kind === "lease_renewed";
    return at < index && isBegun && result.lease === lease;
  });
  const ended = journal.find((entry) => entry.index === index);
  return begun !== undefined && ended !== undefined && begun.term < ended.term;
}

/** A short run may come to little: that enough happens in a batch of runs is seen by its marks. */
const LIMITS = { ...DEFAULT_LIMITS, minimum: { commands: 0, reads: 0 } };

/** One deed in so many is the beginning of a time in which nobody does anything. */
const QUIET_RATE = 1 / 150;
const WATCH_RATE = 1 / 50;
const WATCHERS_MAX = 10;
const LEASES_MS_MAX = 16_000;
