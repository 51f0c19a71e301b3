/**
 * What the reference store remembers of sessions.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import type { Committed, SessionRef } from "@raftkv/core/kv";

interface ReferenceSession {
  lastUsedMs: number;
  highest: number;
  readonly answers: Map<number, Committed>;
}

/** The sessions of a reference store. */
export class ReferenceSessions {
  readonly #sessions = new Map<number, ReferenceSession>();

  /** Begins a session. */
  open(id: number, nowMs: number): void {
    this.#sessions.set(id, { lastUsedMs: nowMs, highest: 0, answers: new Map() });
  }

  /** The answer to an earlier sending, or whether there can be none. */
  recall({ session: id, sequence }: SessionRef, nowMs: number): Committed | "fresh" | "expired" {
    const session = this.#sessions.get(id);
    if (session === undefined) return "expired";
    if (nowMs - session.lastUsedMs > LIMITS.sessionIdleMsMax) return "expired";
    session.lastUsedMs = nowMs;
    if (sequence <= session.highest - LIMITS.sessionAnswersMax) return "expired";
    return session.answers.get(sequence) ?? "fresh";
  }

  /** Remembers an answer. */
  remember({ session: id, sequence }: SessionRef, answer: Committed): void {
    const session = this.#sessions.get(id)!;
    session.answers.set(sequence, answer);
    session.highest = Math.max(session.highest, sequence);
  }
}
