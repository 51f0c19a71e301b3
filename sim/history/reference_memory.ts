/**
 * What the reference store remembers of requests with a name: the first answer, and what was asked.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import type { Command, CommandResult, OnceRef, SessionRef } from "@raftkv/core/kv";
import { isSame } from "./kv_operation.ts";

interface Kept {
  readonly command: Command;
  readonly answer: CommandResult;
  readonly atMs: number;
}

interface ReferenceSession {
  lastUsedMs: number;
  highest: number;
  readonly answers: Map<number, Kept>;
}

/** The named requests of a reference store. */
export class ReferenceMemory {
  readonly #sessions = new Map<number, ReferenceSession>();
  readonly #keys = new Map<string, Kept>();

  /** Begins a session. */
  open(id: number, nowMs: number): void {
    this.#sessions.set(id, { lastUsedMs: nowMs, highest: 0, answers: new Map() });
  }

  /** The answer to a named request that is no new one; null if it is to be carried out. */
  recall(
    once: OnceRef,
    { command, nowMs }: { readonly command: Command; readonly nowMs: number },
  ): CommandResult | null {
    const kept = "session" in once ? this.#ofSession(once, nowMs) : this.#ofKey(once, nowMs);
    if (kept === "expired") return { kind: "refused", reason: "session_expired" };
    if (kept === undefined) return null;
    const isOther = !isSame({ ...kept.command, once: null }, { ...command, once: null });
    if (isOther) return { kind: "refused", reason: "idempotency_key_reused" };
    return { ...kept.answer, replayed: true } as CommandResult;
  }

  /** Remembers the answer to a request that was carried out. */
  remember(once: OnceRef, kept: Kept): void {
    if (!("session" in once)) {
      this.#keys.set(once.idempotencyKey, kept);
      return;
    }
    const session = this.#sessions.get(once.session)!;
    session.answers.set(once.sequence, kept);
    session.highest = Math.max(session.highest, once.sequence);
  }

  #ofSession({ session: id, sequence }: SessionRef, nowMs: number): Kept | "expired" | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return "expired";
    if (nowMs - session.lastUsedMs > LIMITS.sessionIdleMsMax) return "expired";
    session.lastUsedMs = nowMs;
    if (sequence <= session.highest - LIMITS.sessionAnswersMax) return "expired";
    return session.answers.get(sequence);
  }

  #ofKey({ idempotencyKey }: { readonly idempotencyKey: string }, nowMs: number): Kept | undefined {
    const kept = this.#keys.get(idempotencyKey);
    const isAged = kept !== undefined && nowMs - kept.atMs > LIMITS.idempotencyAgeMsMax;
    return isAged ? undefined : kept;
  }
}
