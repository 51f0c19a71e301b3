/**
 * Compaction by hand.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { BodyFields } from "./body_fields.ts";
import { onceOf } from "./idempotency_key.ts";
import type { KvPort } from "./kv_port.ts";
import { propose, replyOnce, unexpected } from "./proposing.ts";
import { parseQuery, timeoutMsOf } from "./query.ts";
import { readBodyText } from "./request_body.ts";
import { targetOf } from "./request_target.ts";

/** Makes the past before a revision unreadable. */
export async function compactRoute(port: KvPort, request: Request): Promise<Response> {
  const limit = { timeoutMs: timeoutMsOf(parseQuery(targetOf(request.url).query, ["timeout"])) };
  const name = onceOf(request.headers);
  const body = new BodyFields(parseJson(await readBodyText(request)), {
    path: "",
    known: ["revision"],
  });
  const asked = body.integer("revision", { min: 1 });
  const compacted = await propose(port, { kind: "compact", ...name, revision: asked }, limit);
  if (compacted.kind !== "compacted") return unexpected(compacted);
  const { compactRevision, revision } = compacted;
  return replyOnce(port, JSON.stringify({ compactRevision, revision }), { answer: compacted });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KvFailure("invalid_json");
  }
}
