/**
 * The memory that makes a repeated request take effect once (thesis §6.3). It is replicated state:
 * who is remembered, for how long and in which order depends on the log alone.
 *
 * A session that was forgotten answers `expired`, and never executes: its client cannot know whether
 * the first sending took effect, and a second execution is exactly what it asked us to rule out.
 *
 * @module
 */

import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import { LIMITS } from "../limits.ts";
import type { SessionRef } from "./once.ts";
import {
  answerSizeBytes,
  type Arrival,
  readRemembered,
  type Recollection,
  recollectionOf,
  type Remembered,
  writeRemembered,
} from "./remembered.ts";

interface Answer extends Remembered {
  readonly sequence: number;
}

interface Session {
  /** Whoever may change it in place: a token compared by identity, as in the tree. */
  readonly owner: object;
  readonly id: number;
  lastUsedMs: number;
  /** The highest sequence answered; 0 before the first. */
  highestSequence: number;
  /** Bytes of keys and values in its answers. */
  bytes: number;
  /**
   * Place `sequence % 64` holds the answer of that sequence, or of an older one. One that lies
   * before the window is never looked at, since its sequence is refused first.
   */
  readonly answers: (Answer | undefined)[];
}

/** Everything remembered of every session. */
export class SessionTable {
  #owner: object = {};
  /** In order of last use, the least recent first: a map keeps the order of insertion. */
  readonly #sessions = new Map<number, Session>();
  /** Bytes of keys and values in all answers. */
  #bytes = 0;

  /** How many sessions are remembered. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Begins a session, and forgets those idle for too long and, if there are too many, the least
   * recently used.
   */
  open(id: number, clockMs: number): void {
    for (const session of this.#sessions.values()) {
      const isOneTooMany = this.#sessions.size >= LIMITS.sessionsMax;
      if (!isOneTooMany && !isIdle(session, clockMs)) break;
      this.#forget(session);
    }
    const fresh = { owner: this.#owner, id, lastUsedMs: clockMs, highestSequence: 0, bytes: 0 };
    this.#sessions.set(id, { ...fresh, answers: [] });
  }

  /** What is remembered of a request that arrives under `ref`. Counts as a use of its session. */
  recall(ref: SessionRef, { digest, clockMs }: Arrival): Recollection {
    const known = this.#sessions.get(ref.session);
    if (known === undefined || isIdle(known, clockMs)) return EXPIRED;
    const session = this.#use(known, clockMs);
    if (ref.sequence <= session.highestSequence - LIMITS.sessionAnswersMax) return EXPIRED;
    const kept = session.answers[ref.sequence % LIMITS.sessionAnswersMax];
    return kept?.sequence === ref.sequence ? recollectionOf(kept, digest) : FRESH;
  }

  /** Remembers the answer to a request that was just found `fresh`. */
  remember(ref: SessionRef, remembered: Remembered): void {
    const session = this.#sessions.get(ref.session)!;
    session.highestSequence = Math.max(session.highestSequence, ref.sequence);
    const place = ref.sequence % LIMITS.sessionAnswersMax;
    const grown = answerSizeBytes(remembered) - sizeBytesOf(session.answers[place]);
    session.answers[place] = { sequence: ref.sequence, ...remembered };
    session.bytes += grown;
    this.#bytes += grown;
    if (this.#bytes <= LIMITS.sessionsBytesMax) return;
    for (const oldest of this.#sessions.values()) {
      // The session in use is the last of all: it stays, whatever it holds.
      if (this.#bytes <= LIMITS.sessionsBytesMax || oldest === session) break;
      if (oldest.bytes > 0) this.#forget(oldest);
    }
  }

  /** The table as it is now, whatever happens later; takes time in proportion to the sessions. */
  capture(): CapturedSessions {
    this.#owner = {};
    return new CapturedSessions([...this.#sessions.values()]);
  }

  /**
   * Reads one session and puts it behind all others.
   *
   * @param clockMs The replicated time of the snapshot, which no use can pass.
   * @throws {DecodeError} if there is none, or it cannot be one of this table
   */
  restore(reader: ByteReader, clockMs: number): void {
    const session = readSession(reader, this.#owner);
    if (session.lastUsedMs > clockMs) reader.fail("Session was used in the future");
    if (this.#sessions.has(session.id)) reader.fail("Session is there twice");
    this.#sessions.set(session.id, session);
    this.#bytes += session.bytes;
  }

  #forget(session: Session): void {
    this.#sessions.delete(session.id);
    this.#bytes -= session.bytes;
  }

  #use(known: Session, clockMs: number): Session {
    const session = known.owner === this.#owner
      ? known
      : { ...known, owner: this.#owner, answers: known.answers.slice() };
    session.lastUsedMs = clockMs;
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
    return session;
  }
}

/** The sessions of one moment. */
export class CapturedSessions {
  readonly #sessions: readonly Session[];

  /** Takes sessions that nobody changes any more. */
  constructor(sessions: readonly Session[]) {
    this.#sessions = sessions;
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.length;
  }

  /** Writes the session at `place` in the order of last use. */
  write(writer: ByteWriter, place: number): void {
    const { id, lastUsedMs, highestSequence, answers } = this.#sessions[place]!;
    writer.varint(id);
    writer.varint(lastUsedMs);
    writer.varint(highestSequence);
    const first = Math.max(1, highestSequence - LIMITS.sessionAnswersMax + 1);
    for (let sequence = first; sequence <= highestSequence; sequence++) {
      const kept = answers[sequence % LIMITS.sessionAnswersMax];
      const isKept = kept?.sequence === sequence;
      writer.flag(isKept);
      if (isKept) writeRemembered(writer, kept);
    }
  }
}

function readSession(reader: ByteReader, owner: object): Session {
  const id = reader.varint();
  const lastUsedMs = reader.varint();
  const highestSequence = reader.varint();
  const answers: (Answer | undefined)[] = [];
  const first = Math.max(1, highestSequence - LIMITS.sessionAnswersMax + 1);
  for (let sequence = first; sequence <= highestSequence; sequence++) {
    if (!reader.flag()) continue;
    answers[sequence % LIMITS.sessionAnswersMax] = { sequence, ...readRemembered(reader) };
  }
  const bytes = answers.reduce((sum, kept) => sum + sizeBytesOf(kept), 0);
  return { owner, id, lastUsedMs, highestSequence, bytes, answers };
}

function sizeBytesOf(kept: Answer | undefined): number {
  return kept === undefined ? 0 : answerSizeBytes(kept);
}

function isIdle(session: Session, clockMs: number): boolean {
  return clockMs - session.lastUsedMs > LIMITS.sessionIdleMsMax;
}

const FRESH: Recollection = { kind: "fresh" };
const EXPIRED: Recollection = { kind: "expired" };
