/**
 * What the reference store remembers of requests that came under a name.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import type { KeyRef, Lasting, OnceRef, SessionRef } from "@raftkv/core/kv";

/** A request and its first answer. */
interface Answered {
  /** What was asked, as bytes. */
  readonly request: string;
  readonly answer: Lasting;
}

interface ReferenceSession {
  lastUsedMs: number;
  highest: number;
  readonly answers: Map<number, Answered>;
}

/** The sessions and idempotency keys of a reference store. */
export class ReferenceMemory {
  readonly #sessions = new Map<number, ReferenceSession>();
  readonly #keys = new Map<string, Answered & { readonly atMs: number }>();

  /** Begins a session. */
  openSession(id: number, nowMs: number): void {
    this.#sessions.set(id, { lastUsedMs: nowMs, highest: 0, answers: new Map() });
  }

  /** The answer to an earlier sending, or why there is none. */
  recall(
    once: OnceRef,
    { request, nowMs }: { readonly request: string; readonly nowMs: number },
  ): Lasting | "fresh" | "expired" | "reused" {
    const found = "session" in once
      ? this.#inSession(once, nowMs)
      : this.#underKey(once, nowMs) ?? "fresh";
    if (typeof found === "string") return found;
    return found.request === request ? found.answer : "reused";
  }

  /** Remembers an answer. */
  remember(once: OnceRef, answered: Answered, { nowMs }: { readonly nowMs: number }): void {
    if ("session" in once) {
      const session = this.#sessions.get(once.session)!;
      session.answers.set(once.sequence, answered);
      session.highest = Math.max(session.highest, once.sequence);
      return;
    }
    this.#keys.delete(once.idempotencyKey);
    this.#keys.set(once.idempotencyKey, { ...answered, atMs: nowMs });
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > LIMITS.idempotencyKeysMax) this.#keys.delete(oldest!);
  }

  #inSession({ session: id, sequence }: SessionRef, nowMs: number): Answered | "fresh" | "expired" {
    const session = this.#sessions.get(id);
    if (session === undefined) return "expired";
    if (nowMs - session.lastUsedMs > LIMITS.sessionIdleMsMax) return "expired";
    session.lastUsedMs = nowMs;
    if (sequence <= session.highest - LIMITS.sessionAnswersMax) return "expired";
    return session.answers.get(sequence) ?? "fresh";
  }

  #underKey({ idempotencyKey }: KeyRef, nowMs: number): Answered | undefined {
    const found = this.#keys.get(idempotencyKey);
    const isAged = found !== undefined && nowMs - found.atMs > LIMITS.idempotencyAgeMsMax;
    return isAged ? undefined : found;
  }
}
