/**
 * Compaction by hand.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { BodyFields } from "./body_fields.ts";
import type { KvPort } from "./kv_port.ts";
import { propose, unexpected } from "./proposing.ts";
import { parseQuery, timeoutMsOf } from "./query.ts";
import { reply } from "./reply.ts";
import { readBodyText } from "./request_body.ts";
import { targetOf } from "./request_target.ts";

/** Makes the past before a revision unreadable. */
export async function compactRoute(port: KvPort, request: Request): Promise<Response> {
  const limit = { timeoutMs: timeoutMsOf(parseQuery(targetOf(request.url).query, ["timeout"])) };
  const body = new BodyFields(parseJson(await readBodyText(request)), {
    path: "",
    known: ["revision"],
  });
  const asked = body.integer("revision", { min: 1 });
  const compacted = await propose(port, { kind: "compact", revision: asked }, limit);
  if (compacted.kind !== "compacted") return unexpected(compacted);
  const { compactRevision, revision } = compacted;
  return reply(port, JSON.stringify({ compactRevision, revision }), { revision });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KvFailure("invalid_json");
  }
}
