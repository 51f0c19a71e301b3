/**
 * The key-value store as a state machine.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import { DecodeError } from "../codec/decode_error.ts";
import type { Entry } from "../raft/entry.ts";
import type { StateMachine, StateRestorer } from "../replica/state_machine.ts";
import {
  type Command,
  type CommitCommand,
  decodeCommand,
  type Operation,
  type PutOperation,
} from "./command.ts";
import type { Key } from "./key.ts";
import { type KvReader, type RangePage, type RangeRequest, readRange } from "./range.ts";
import type { KvRecord } from "./record.ts";
import {
  type CommandResult,
  type Committed,
  decodeResult,
  encodeResult,
  type OperationResult,
  type PutResult,
  type RefusalReason,
} from "./result.ts";
import { snapshotOf } from "./snapshot.ts";
import { SnapshotReader } from "./snapshot_reader.ts";
import { emptyState, type KvState } from "./state.ts";

/** The store of one node: a pure function of the commands applied to it. */
export class KvStateMachine implements StateMachine<CommandResult>, KvReader {
  #state: KvState = emptyState();

  /** The store's revision: 1 when empty, and one more with each commit, an empty one included. */
  get revision(): number {
    return this.#state.revision;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#state.records.size;
  }

  /**
   * Of every command applied and of what came of it, as 16 hex digits: equal on replicas that have
   * applied the same, and, but for an accident of 1 in 2^64, only on those.
   */
  get stateHash(): string {
    return this.#state.digest.toString();
  }

  /** The record under `key`, or undefined. */
  get(key: Key): KvRecord | undefined {
    return this.#state.records.get(key);
  }

  /** One page of the records in a range. */
  range(request: RangeRequest): RangePage {
    return readRange(this.#state.records, request);
  }

  /** The state as it is now, whatever is applied later. Takes constant time. */
  view(): KvReader {
    const records = this.#state.records.view();
    return {
      revision: this.#state.revision,
      size: records.size,
      get: (key) => records.get(key),
      range: (request) => readRange(records, request),
    };
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
    state.clockMs = Math.max(state.clockMs, entry.timeMs);
    const command = parseCommand(entry.payload);
    const result = command === null ? refused("malformed") : execute(state, command);
    addToDigest(state, entry, result);
    return result;
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

function execute(state: KvState, command: Command): CommandResult {
  if (command.kind === "commit") return commitOnce(state, command);
  // A log index names one entry for ever, so no two sessions share an id (thesis §6.3).
  const session = state.appliedIndex;
  state.sessions.open(session, state.clockMs);
  return { kind: "session_opened", session, revision: state.revision };
}

function commitOnce(state: KvState, { session, operations }: CommitCommand): CommandResult {
  if (session === null) return commit(state, operations);
  const recollection = state.sessions.recall(session, state.clockMs);
  if (recollection.kind === "expired") return refused("session_expired");
  if (recollection.kind === "answered") return { ...recollection.answer, replayed: true };
  const committed = commit(state, operations);
  state.sessions.remember(session, committed);
  return committed;
}

function commit(state: KvState, operations: readonly Operation[]): Committed {
  const revision = ++state.revision;
  const results: OperationResult[] = [];
  for (const operation of operations) {
    results.push(
      operation.kind === "put"
        ? put(state, operation)
        : { kind: "delete", deleted: state.records.delete(operation.key) ? 1 : 0 },
    );
  }
  return { kind: "committed", revision, results };
}

function put(state: KvState, { key, value, encoding }: PutOperation): PutResult {
  const before = state.records.get(key);
  const modRevision = state.revision;
  const createRevision = before?.createRevision ?? modRevision;
  const version = (before?.version ?? 0) + 1;
  // The operation's value is a view of a whole batch of entries, which it would keep in memory for
  // as long as the key lives: the record gets its own.
  const own = value.slice();
  state.records.set(key, {
    key: before?.key ?? key,
    value: own,
    encoding,
    createRevision,
    modRevision,
    version,
  });
  return { kind: "put", createRevision, modRevision, version };
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
  if (result.kind !== "committed") return;
  for (const one of result.results) {
    digest.addInteger(one.kind === "put" ? one.createRevision : one.deleted);
    if (one.kind === "put") digest.addInteger(one.version);
  }
}
