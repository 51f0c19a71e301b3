/**
 * What is asked of the store as a whole: compaction by hand, sessions.
 *
 * @module
 */

import type { SessionAnswer } from "@raftkv/core/api";
import { unexpected } from "./ask.ts";
import { CALL, callOf, integer, timeout, TIMEOUT_MS_DEFAULT } from "./fields.ts";
import { idempotencyKey, lastingAnswer, ONCE_FAILURES, onceOf } from "./once.ts";
import { operation } from "./operation.ts";

/** Makes the past before a revision unreadable. */
export const compact = operation({
  name: "compact",
  summary: "Makes the past before a revision unreadable.",
  query: CALL,
  header: { idempotencyKey },
  body: { revision: integer(1).meta({ description: "The first revision that stays readable." }) },
  failures: [
    ...ONCE_FAILURES,
    "invalid_json",
    "invalid_body",
    "body_too_large",
    "compacted",
    "future_revision",
  ],
  ask: (request) => ({
    kind: "propose",
    command: { kind: "compact", ...onceOf(request), revision: request.revision },
    ...callOf(request),
    answer: (accepted) => {
      if (accepted.kind !== "compacted") return unexpected(accepted);
      const { compactRevision, revision } = accepted;
      return lastingAnswer(accepted, JSON.stringify({ compactRevision, revision }));
    },
  }),
});

/** Begins a session, within which a write takes effect once however often it is sent. */
export const openSession = operation({
  name: "openSession",
  summary: "Begins a session, within which a write takes effect once however often it is sent.",
  query: { timeout },
  ask: ({ timeout: timeoutMs = TIMEOUT_MS_DEFAULT }) => ({
    kind: "propose",
    command: { kind: "open_session" },
    timeoutMs,
    answer: (accepted) => {
      if (accepted.kind !== "session_opened") return unexpected(accepted);
      const { session, revision } = accepted;
      const answer: SessionAnswer = { session: `${session}`, revision };
      return { json: JSON.stringify(answer), revision };
    },
  }),
});
