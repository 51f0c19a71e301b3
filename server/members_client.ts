/**
 * Asks a member over HTTP who belongs to the cluster, or for a change of that: a node that has no link
 * to anyone has no other way.
 *
 * @module
 */

import type { FailureBody, MembersAnswer, MembersBody } from "@raftkv/core/api";
import type { Member, NodeId } from "@raftkv/core/raft";
import * as z from "zod";
import { parseBaseUrl, parseNodeId } from "./cluster_list.ts";

/** What a member said, if it was one. */
export type Asked =
  | { readonly kind: "answered"; readonly answer: MembersAnswer }
  | { readonly kind: "refused"; readonly error: FailureBody["error"] }
  | { readonly kind: "silent"; readonly reason: string };

/** Asks one member of its cluster, or for the change of `body`. */
export async function askMembers(
  url: string,
  { timeoutMs, signal, body }: {
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    readonly body?: MembersBody;
  },
): Promise<Asked> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  try {
    const response = await fetch(`${url}/cluster/members?timeout=${timeoutMs}ms`, {
      ...init,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs + PATIENCE_MS)]),
    });
    return understand(await response.text());
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "silent", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The members in the terms of the configuration. */
export function membersIn({ members }: MembersAnswer): readonly Member[] {
  return members.map(({ id, url, incarnation }) => ({
    id: id as NodeId,
    url,
    ...incarnation === undefined ? {} : { incarnation },
  }));
}

/** For the answer to travel. */
const PATIENCE_MS = 1_000;

function understand(text: string): Asked {
  const json = parse(text);
  const answer = MEMBERS.safeParse(json);
  if (answer.success) return { kind: "answered", answer: answer.data as MembersAnswer };
  const failure = FAILURE.safeParse(json);
  return failure.success
    ? { kind: "refused", error: failure.data.error as FailureBody["error"] }
    : { kind: "silent", reason: "What answers there is no node of RaftKV" };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const MEMBERS = z.object({
  clusterId: z.string().min(1).max(64),
  leaderId: z.string().nullable(),
  joint: z.boolean(),
  index: z.int().min(0),
  committed: z.boolean(),
  members: z.array(z.object({
    id: z.string().refine((id) => parseNodeId(id) !== null),
    url: z.string().refine((url) => parseBaseUrl(url) === url),
    role: z.enum(["voter", "candidate", "learner", "leaving"]),
    replaces: z.string().optional(),
    incarnation: z.string().regex(/^[\da-f]{32}$/).optional(),
  })).max(1_000),
});

const FAILURE = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    retryable: z.boolean(),
    outcome: z.enum(["not_applied", "unknown"]),
  }),
});
