/**
 * The store as its documents describe it, without any of what makes the real one fast: a map of
 * records, and lists of what each revision changed. It shares no code with the real one but the
 * names of things, so that the two can be held against each other.
 *
 * It knows no limit on sizes and numbers: histories that come near them are not for it.
 *
 * @module
 */

import type {
  Command,
  CommandResult,
  CommitCommand,
  Key,
  KeyRange,
  KvRecord,
  LeaseCommand,
  RefusalReason,
} from "@raftkv/core/kv";
import type { JournalEntry } from "./journal.ts";
import { isWithin } from "./kv_operation.ts";
import { ReferenceDraft, type ReferenceLease } from "./reference_draft.ts";
import { ReferenceMemory } from "./reference_memory.ts";

/** What one revision changed about one key. */
export interface ReferenceChange {
  /** Which key. */
  readonly key: Key;
  /** What stands there since; null if it was taken out. */
  readonly record: KvRecord | null;
  /** What stood there before; null if nothing did. */
  readonly before: KvRecord | null;
}

/** A lease that the time of the log ended. */
export interface ReferenceExpiry {
  /** Which lease. */
  readonly lease: number;
  /** The entry whose time did it. */
  readonly index: number;
  /** What was left of it by then, at most 0. */
  readonly leftMs: number;
  /** How long it was to live from its grant or last renewal, in milliseconds. */
  readonly ttlMs: number;
  /** Where in the log that stands. */
  readonly sinceIndex: number;
}

/** The store, entry by entry. */
export class ReferenceStore {
  /** The store's revision. */
  revision = 1;
  /** The first revision that is readable; 0 for all. */
  compactRevision = 0;
  /** The entry that was carried out last. */
  index = 0;
  /** The time of the log, in milliseconds. */
  nowMs = 0;
  /** The highest id that the store itself gave to a lease. */
  leaseLast = 0;
  /** What stands under each key. */
  readonly records: Map<Key, KvRecord> = new Map();
  /** The leases in force. */
  readonly leases: Map<number, ReferenceLease> = new Map();
  /** What each revision changed, in the order of the keys. */
  readonly changes: Map<number, readonly ReferenceChange[]> = new Map();
  /** The leases that ran out. */
  readonly expiries: ReferenceExpiry[] = [];
  readonly #versions = new Map<Key, { readonly revision: number; record: KvRecord | null }[]>();
  readonly #memory = new ReferenceMemory();
  #last: { readonly term: number; readonly timeMs: number } | null = null;

  /** Carries out an entry. */
  apply({ index, term, timeMs, command }: JournalEntry): CommandResult {
    this.index = index;
    this.#advance(term, timeMs);
    this.#expire(index);
    const once = "once" in command ? command.once : undefined;
    if (once === undefined) return this.#execute(command, index);
    const { nowMs } = this;
    const earlier = this.#memory.recall(once, { command, nowMs });
    if (earlier !== null) return earlier;
    const answer = this.#execute(command, index);
    // The past does not come back: a repetition is refused again. All other answers stand.
    const isLasting = answer.kind !== "refused" || answer.reason !== "compacted";
    if (isLasting) this.#memory.remember(once, { command, answer, atMs: nowMs });
    return answer;
  }

  /** What stood under `key` at a revision, compacted or not. */
  get(key: Key, revision: number = this.revision): KvRecord | null {
    return this.#versions.get(key)?.findLast((each) => each.revision <= revision)?.record ?? null;
  }

  /** What stood in a range at a revision, in the order of the keys. */
  range(range: KeyRange, revision: number = this.revision): KvRecord[] {
    return [...this.#versions.keys()]
      .filter((key) => isWithin(range, key))
      .sort()
      .map((key) => this.get(key, revision))
      .filter((record) => record !== null);
  }

  /** Only what passes within a term counts, and only forwards. */
  #advance(term: number, timeMs: number): void {
    if (this.#last === null) this.nowMs = timeMs;
    else if (this.#last.term === term) this.nowMs += Math.max(0, timeMs - this.#last.timeMs);
    this.#last = { term, timeMs };
  }

  #expire(index: number): void {
    const due = [...this.leases.values()]
      .filter(({ expiresMs }) => expiresMs <= this.nowMs)
      .sort((a, b) => a.expiresMs - b.expiresMs || a.id - b.id);
    for (const { id, expiresMs, sinceIndex, ttlMs } of due) {
      this.expiries.push({ lease: id, index, leftMs: expiresMs - this.nowMs, sinceIndex, ttlMs });
      this.#endLease(id);
    }
  }

  #execute(command: Command, index: number): CommandResult {
    const { revision } = this;
    switch (command.kind) {
      case "commit":
        return this.#commit(command);
      case "open_session":
        this.#memory.open(index, this.nowMs);
        return { kind: "session_opened", session: index, revision };
      case "compact":
        return this.#compact(command.revision);
      case "maintain": {
        const target = command.compactRevision;
        if (target > this.compactRevision && target <= revision) this.compactRevision = target;
        return { kind: "maintained", revision };
      }
      default:
        return this.#carryOutLease(command);
    }
  }

  #commit(command: CommitCommand): CommandResult {
    const draft = new ReferenceDraft(this);
    const outcome = draft.carryOut(command);
    if (typeof outcome === "string") return { kind: "refused", reason: outcome };
    this.revision++;
    this.#settle(draft);
    const { succeeded, results } = outcome;
    return { kind: "committed", revision: this.revision, succeeded, results };
  }

  #settle(draft: ReferenceDraft): void {
    this.leaseLast = draft.leaseLast;
    for (const lease of draft.granted) this.leases.set(lease.id, lease);
    const left = [...draft.written].map(([key, record]) => {
      const lease = this.records.get(key)?.lease;
      return lease === record?.lease ? undefined : lease;
    });
    this.#change(draft.written);
    for (const id of left) {
      // A lease that was made for one key goes with it.
      if (id !== undefined && this.leases.get(id)?.isPrivate === true) this.leases.delete(id);
    }
  }

  /** Makes changes the present revision's. */
  #change(written: ReadonlyMap<Key, KvRecord | null>): void {
    const changes: ReferenceChange[] = [];
    for (const key of [...written.keys()].sort()) {
      const record = written.get(key) ?? null;
      changes.push({ key, record, before: this.records.get(key) ?? null });
      if (record === null) this.records.delete(key);
      else this.records.set(key, record);
      const versions = this.#versions.get(key) ?? [];
      versions.push({ revision: this.revision, record });
      this.#versions.set(key, versions);
    }
    this.changes.set(this.revision, changes);
  }

  #compact(target: number): CommandResult {
    const { revision, compactRevision } = this;
    if (target > revision) return { kind: "refused", reason: "future_revision", revision };
    if (target <= compactRevision) {
      return { kind: "refused", reason: "compacted", revision: compactRevision };
    }
    this.compactRevision = target;
    return { kind: "compacted", compactRevision: target, revision };
  }

  #carryOutLease(command: LeaseCommand): CommandResult {
    const { index: sinceIndex } = this;
    if (command.kind === "lease_grant") {
      if (this.leases.has(command.lease)) return refusedFor("lease_exists");
      const { ttlMs } = command;
      let lease = command.lease;
      if (lease === 0) {
        do this.leaseLast++; while (this.leases.has(this.leaseLast));
        lease = this.leaseLast;
      }
      const expiresMs = this.nowMs + ttlMs;
      this.leases.set(lease, { id: lease, ttlMs, expiresMs, sinceIndex, isPrivate: false });
      return { kind: "lease_granted", lease, ttlMs, revision: this.revision };
    }
    const known = this.leases.get(command.lease);
    if (known === undefined) return refusedFor("lease_not_found");
    const { id: lease, ttlMs } = known;
    if (command.kind === "lease_revoke") {
      const deleted = this.#endLease(lease);
      return { kind: "lease_revoked", lease, deleted, revision: this.revision };
    }
    this.leases.set(lease, { ...known, expiresMs: this.nowMs + ttlMs, sinceIndex });
    return { kind: "lease_renewed", lease, ttlMs, revision: this.revision };
  }

  /** Ends a lease and its keys, at one revision if there are any. */
  #endLease(id: number): number {
    const keys = [...this.records.values()].filter(({ lease }) => lease === id)
      .map(({ key }) => key);
    this.leases.delete(id);
    if (keys.length === 0) return 0;
    this.revision++;
    this.#change(new Map(keys.map((key) => [key, null])));
    return keys.length;
  }
}

function refusedFor(reason: RefusalReason): CommandResult {
  return { kind: "refused", reason };
}
