/**
 * The key-value store as a state machine.
 *
 * @module
 */

import { invariant, unreachable } from "../assert.ts";
import { DecodeError } from "../codec/decode_error.ts";
import type { Entry } from "../raft/entry.ts";
import type { LeaderTime, StateMachine, StateRestorer } from "../replica/state_machine.ts";
import { type Command, decodeCommand, encodeCommand, onceOf } from "./command.ts";
import { commit } from "./commit.ts";
import { onlyFrees } from "./frees.ts";
import {
  compact,
  compactionDue,
  DEFAULT_HISTORY_POLICY,
  type HistoryPolicy,
  markTime,
  sweep,
  SWEEP_STEPS,
  SWEEP_STEPS_OWN,
} from "./compaction.ts";
import type { Digest } from "./digest.ts";
import { eventsAt, type KvEvent } from "./events.ts";
import { carryOutLease, expireDue } from "./expiry.ts";
import type { Key } from "./key.ts";
import type { OperationResult } from "./operation_result.ts";
import {
  type KeyRange,
  type KvReader,
  type LeaseTime,
  type RangePage,
  type RangeRequest,
  readerOf,
  readKeyAt,
  readLeaseTime,
  readRange,
} from "./range.ts";
import type { KvRecord } from "./record.ts";
import { requestDigestOf } from "./remembered.ts";
import {
  type CommandResult,
  decodeResult,
  encodeResult,
  isLasting,
  type RefusalReason,
} from "./result.ts";
import { snapshotOf } from "./snapshot.ts";
import { SnapshotReader } from "./snapshot_reader.ts";
import { emptyState, type KvState } from "./state.ts";

/** The store of one node: a pure function of the commands applied to it. */
export class KvStateMachine implements StateMachine<CommandResult>, KvReader {
  #state: KvState = emptyState();
  readonly #policy: HistoryPolicy;

  /**
   * Begins empty.
   *
   * @param policy How much of the past to keep, if this node leads.
   */
  constructor(policy: HistoryPolicy = DEFAULT_HISTORY_POLICY) {
    this.#policy = policy;
  }

  /** The store's revision: 1 when empty, and one more with each commit, an empty one included. */
  get revision(): number {
    return this.#state.revision;
  }

  /** The first revision that can be read, unless it is 0: then every one can. */
  get compactRevision(): number {
    return this.#state.compactRevision;
  }

  /** Whether a command makes no use of room but for its own entry. */
  frees(payload: Uint8Array): boolean {
    const command = parseCommand(payload);
    return command === null || onlyFrees(command);
  }

  /** How many keys there are. */
  get size(): number {
    return this.#state.records.size;
  }

  /** How many past versions are kept, those on their way out included. */
  get pastSize(): number {
    return this.#state.history.size;
  }

  /**
   * Of every command applied and of what came of it, as 16 hex digits: equal on replicas that have
   * applied the same, and, but for an accident of 1 in 2^64, only on those.
   */
  get stateHash(): string {
    return this.#state.digest.toString();
  }

  /** The record under `key`, or undefined; as of a readable revision, or now. */
  get(key: Key, revision: number = this.revision): KvRecord | undefined {
    return readKeyAt(this.#state, key, { revision });
  }

  /** One page of the records in a range. */
  range(request: RangeRequest): RangePage {
    return readRange(this.#state, request);
  }

  /**
   * What a revision that is kept changed: of the wanted keys, in their order, each read when it is
   * asked for. Nothing may be asked for once the revision is compacted.
   */
  eventsAt(revision: number, isWanted: (key: Key) => boolean): IteratorObject<KvEvent, undefined> {
    return eventsAt(this.#state, revision, { isWanted });
  }

  /** How many keys a range has now. */
  count({ start, end }: KeyRange): number {
    return this.#state.records.count(start, end);
  }

  /** A lease, what is left of it and the keys that end with it; null if there is none. */
  lease(id: number): LeaseTime | null {
    return readLeaseTime(this.#state, id);
  }

  /** Ids of leases greater than `after`, in order, at most `limit` of them. */
  leaseIds(after: number, limit: number): readonly number[] {
    return this.#state.leases.ids(after, limit);
  }

  /** The state as it is now, whatever is applied later. Takes constant time. */
  view(): KvReader {
    const { revision, compactRevision, records, history, leases, clock } = this.#state;
    return readerOf({
      leases: leases.view(),
      clock: { nowMs: clock.nowMs },
      revision,
      compactRevision,
      records: records.view(),
      history: history.view(),
    });
  }

  /**
   * Carries out the command of an entry. Whatever the payload is, each replica comes to the same
   * answer: bytes that are no command are refused, not thrown about.
   *
   * @throws {InvariantViolation} if the entry is no command, or not after the last one applied
   */
  apply(entry: Entry): CommandResult {
    const state = this.#state;
    invariant(entry.kind === "command", "only commands are applied");
    invariant(
      entry.index > state.appliedIndex,
      "entries are applied in order, each once",
      () => ({ index: entry.index, applied: state.appliedIndex }),
    );
    state.appliedIndex = entry.index;
    state.clock.advance(entry);
    expireDue(state);
    const command = parseCommand(entry.payload);
    const result = command === null
      ? refused("malformed")
      : executeOnce(state, { command, payload: entry.payload });
    sweep(state, command?.kind === "maintain" ? SWEEP_STEPS_OWN : SWEEP_STEPS);
    state.evacuation.advance(state);
    markTime(state);
    addToDigest(state, entry, result);
    return result;
  }

  /**
   * Proposes to compact what the policy no longer keeps, to sweep what is left of it, and to let
   * leases expire; and, in a new term with leases, an entry from which their time goes on.
   */
  maintenance(now: LeaderTime): Uint8Array | null {
    const state = this.#state;
    const compactRevision = compactionDue(state, { policy: this.#policy, time: now });
    const first = state.leases.first();
    const isLeaseDue = first !== undefined &&
      (!state.clock.knows(now.term) || first.expiresMs <= state.clock.at(now));
    const isSwept = state.sweptRevision === state.compactRevision;
    if (compactRevision === null && isSwept && !isLeaseDue) return null;
    return encodeCommand({ kind: "maintain", compactRevision: compactRevision ?? 0 });
  }

  /** An answer as bytes. */
  encodeResult(result: CommandResult): Uint8Array {
    return encodeResult(result);
  }

  /** The answer that `bytes` hold, or a thrown `DecodeError`. */
  decodeResult(bytes: Uint8Array): CommandResult {
    return decodeResult(bytes);
  }

  /** The state of this moment as slices of about 64 KiB, made lazily. */
  snapshot(): Iterable<Uint8Array> {
    return snapshotOf(this.#state);
  }

  /** Begins to read a snapshot; its `finish` replaces this machine's state as a whole. */
  restorer(): StateRestorer {
    const reader = new SnapshotReader();
    return {
      push: (slice) => reader.push(slice),
      finish: () => {
        this.#state = reader.finish();
      },
    };
  }
}

function parseCommand(payload: Uint8Array): Command | null {
  try {
    return decodeCommand(payload);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** Carries out a command, unless it has a name under which that was done before. */
function executeOnce(
  state: KvState,
  { command, payload }: { readonly command: Command; readonly payload: Uint8Array },
): CommandResult {
  const once = onceOf(command);
  if (once === undefined) return execute(state, command);
  const arrival = { digest: requestDigestOf(payload), clockMs: state.clock.nowMs };
  const recollection = "idempotencyKey" in once
    ? state.idempotency.recall(once.idempotencyKey, arrival)
    : state.sessions.recall(once, arrival);
  switch (recollection.kind) {
    case "answered":
      return { ...recollection.answer, replayed: true };
    case "expired":
      return refused("session_expired");
    case "reused":
      return refused("idempotency_key_reused");
    case "fresh": {
      const result = execute(state, command);
      if (!isLasting(result)) return result;
      const remembered = { digest: arrival.digest, answer: result };
      if ("idempotencyKey" in once) {
        state.idempotency.remember(once.idempotencyKey, remembered, arrival);
      } else state.sessions.remember(once, remembered);
      return result;
    }
    default:
      return unreachable(recollection);
  }
}

function execute(state: KvState, command: Command): CommandResult {
  const { revision } = state;
  switch (command.kind) {
    case "commit": {
      const committed = commit(state, command);
      return typeof committed === "string" ? refused(committed) : committed;
    }
    case "open_session": {
      // A log index names one entry for ever, so no two sessions share an id (thesis §6.3).
      const session = state.appliedIndex;
      state.sessions.open(session, state.clock.nowMs);
      return { kind: "session_opened", session, revision };
    }
    case "compact":
      return compactTo(state, command.revision);
    case "lease_grant":
    case "lease_keep_alive":
    case "lease_revoke": {
      const answer = carryOutLease(state, command);
      return typeof answer === "string" ? refused(answer) : answer;
    }
    case "maintain": {
      const { compactRevision } = command;
      const isDue = compactRevision > state.compactRevision && compactRevision <= revision;
      if (isDue) compact(state, compactRevision);
      return { kind: "maintained", revision };
    }
    default:
      return unreachable(command);
  }
}

function compactTo(state: KvState, compactRevision: number): CommandResult {
  const { revision } = state;
  if (compactRevision > revision) {
    return { kind: "refused", reason: "future_revision", revision };
  }
  if (compactRevision <= state.compactRevision) {
    return { kind: "refused", reason: "compacted", revision: state.compactRevision };
  }
  compact(state, compactRevision);
  return { kind: "compacted", compactRevision, revision };
}

function refused(reason: RefusalReason): CommandResult {
  return { kind: "refused", reason };
}

/**
 * Takes the entry in, and with it what the state made of it: two replicas that applied equal logs to
 * unequal states show it at the first answer that differs.
 */
function addToDigest({ digest, revision }: KvState, entry: Entry, result: CommandResult): void {
  digest.addInteger(entry.index);
  digest.addInteger(entry.term);
  digest.addInteger(entry.timeMs);
  digest.addBytes(entry.payload);
  digest.addInteger(revision);
  if (result.kind === "committed") addResults(digest, result);
}

function addResults(
  digest: Digest,
  { succeeded, results }: { succeeded: boolean; results: readonly OperationResult[] },
): void {
  digest.addInteger(succeeded ? 1 : 0);
  for (const one of results) {
    switch (one.kind) {
      case "put":
      case "increment":
        digest.addInteger(one.createRevision);
        digest.addInteger(one.version);
        break;
      case "delete":
        digest.addInteger(one.deleted);
        break;
      case "get":
        digest.addInteger(one.record?.modRevision ?? 0);
        break;
      case "range":
        digest.addInteger(one.count);
        break;
      case "commit":
        addResults(digest, one);
        break;
      default:
        unreachable(one);
    }
  }
}
