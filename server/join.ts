/**
 * How a new node gets into a cluster that runs: it asks any member to add it, and takes the id that the
 * cluster gives it.
 *
 * @module
 */

import type { MemberJson, MembersAnswer } from "@raftkv/core/api";
import type { Member, NodeId } from "@raftkv/core/raft";
import { isDialable } from "./cluster_list.ts";
import { askMembers, membersIn } from "./members_client.ts";
import type { NodeEvent } from "./node_events.ts";
import { removedError } from "./not_a_member_error.ts";

/** The cluster does not take the node in, and asking again would not help. */
export class JoinRefusedError extends Error {
  /** The name of the class. */
  override readonly name = "JoinRefusedError";

  /**
   * Builds the message.
   *
   * @param reason Why, and what can be done.
   */
  constructor(reason: string) {
    super(`Cannot join the cluster: ${reason}`);
  }
}

/** What a node that joins knows. */
export interface JoinRequest {
  /** Members to ask; one is enough while it lives. */
  readonly urls: readonly string[];
  /** The URL under which the node will be reached. */
  readonly url: string;
  /** The voter in whose place it comes, or null. */
  readonly replaces: NodeId | null;
  /** Ends the attempts; they reject with its reason. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: NodeEvent) => void;
}

/** What the cluster tells a node that it has taken in. */
export interface Joined {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** Everyone, the node itself included. */
  readonly members: readonly Member[];
}

/**
 * Has the cluster add this node as a learner, however long it takes to reach it. Repeating it is
 * harmless: a place at the node's URL that nobody has taken yet is the node's own.
 *
 * @throws {JoinRefusedError} if the cluster does not take it in
 */
export async function joinCluster(request: JoinRequest): Promise<Joined> {
  return await untilSettled(request, async (url) => {
    const asked = await askMembers(url, { timeoutMs: ASK_MS, signal: request.signal });
    if (asked.kind !== "answered") return problemOf(asked);
    const { answer } = asked;
    const hidden = answer.members.find((member) => !isDialable(member.url));
    if (hidden !== undefined) return hiddenProblem(hidden);
    const place = placeFor(request, answer);
    if (place.kind === "taken") throw new JoinRefusedError(place.reason);
    // A place that is not committed may still be taken back, and its id with it.
    if (place.kind === "ready") {
      return answer.committed ? joinedAs(place.member, answer) : "Another change is not finished";
    }
    return await takePlace(url, request);
  });
}

/**
 * Who the members are, for a node that was added and has nothing in its log yet.
 *
 * @throws {JoinRefusedError} if the nodes at these URLs are of another cluster
 * @throws {NotAMemberError} if it has been removed since
 */
export async function findMembers(
  { clusterId, nodeId }: { readonly clusterId: string; readonly nodeId: NodeId },
  request: Pick<JoinRequest, "urls" | "signal" | "onEvent">,
): Promise<readonly Member[]> {
  return await untilSettled(request, async (url) => {
    const asked = await askMembers(url, { timeoutMs: ASK_MS, signal: request.signal });
    if (asked.kind !== "answered") return problemOf(asked);
    const { answer } = asked;
    if (answer.clusterId !== clusterId) {
      throw new JoinRefusedError(
        `The data directory belongs to cluster ${clusterId}, and ${url} to ${answer.clusterId}`,
      );
    }
    if (!answer.members.some(({ id }) => id === nodeId)) throw removedError(nodeId);
    return membersIn(answer);
  });
}

/** Goes round the nodes until one attempt comes to something other than a problem, put in words. */
async function untilSettled<T>(
  { urls, signal, onEvent }: Pick<JoinRequest, "urls" | "signal" | "onEvent">,
  attempt: (url: string) => Promise<T | string>,
): Promise<T> {
  let told = "";
  for (let round = 0;; round++) {
    for (const url of urls) {
      const settled = await attempt(url);
      if (typeof settled !== "string") return settled;
      const news = `${url}: ${settled}`;
      if (news !== told) onEvent({ kind: "joining", url, problem: settled });
      told = news;
    }
    await pause(Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** round), signal);
  }
}

/** Asks to be added; what came of it shows in the next answer, if not in this one. */
async function takePlace(url: string, request: JoinRequest): Promise<Joined | string> {
  const { replaces, signal, url: own } = request;
  const body = replaces === null
    ? { add: [{ url: own }] }
    : { replace: [{ id: replaces, url: own }] };
  const asked = await askMembers(url, { timeoutMs: ASK_MS, signal, body });
  if (asked.kind !== "answered") return problemOf(asked);
  const place = placeFor(request, asked.answer);
  return place.kind === "ready" ? joinedAs(place.member, asked.answer) : "The place is gone again";
}

/** A node that listens on every address, and was told no other, is known by one that is nobody's. */
function hiddenProblem({ id, url }: MemberJson): string {
  return `Nobody can dial member ${id} at ${url}: start it with --advertise, its URL for others`;
}

type Place =
  | { readonly kind: "ready"; readonly member: MemberJson }
  | { readonly kind: "free" }
  | { readonly kind: "taken"; readonly reason: string };

/**
 * Where the node stands among the members. A place is its own if it is that of a learner at its URL
 * whose directory nobody has met: it has never voted, nor acknowledged anything that counts.
 */
function placeFor({ url, replaces }: JoinRequest, { members }: MembersAnswer): Place {
  const here = members.filter((member) => member.url === url);
  const ready = here.find(({ role, incarnation }) =>
    (role === "learner" || role === "candidate") && incarnation === undefined
  );
  if (ready !== undefined) return { kind: "ready", member: ready };
  const other = here.find(({ id }) => id !== replaces);
  if (other === undefined) return { kind: "free" };
  return {
    kind: "taken",
    reason:
      `${url} is the URL of member ${other.id}, whose data are not in this directory; start ` +
      `it on them, or, if they are lost, give --replaces ${other.id}`,
  };
}

function joinedAs({ id }: MemberJson, answer: MembersAnswer): Joined {
  return { clusterId: answer.clusterId, nodeId: id as NodeId, members: membersIn(answer) };
}

/** Why it is worth trying again; throws if it is not. */
function problemOf(
  asked: Exclude<Awaited<ReturnType<typeof askMembers>>, { kind: "answered" }>,
): string {
  if (asked.kind === "silent") return asked.reason;
  const { code, message, retryable } = asked.error;
  // Somebody, perhaps an earlier attempt of this node, was faster: the next look tells.
  if (retryable || code === "already_member") return message;
  throw new JoinRefusedError(message);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

const ASK_MS = 5_000;
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 2_000;
