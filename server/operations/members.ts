/**
 * What can be asked of the membership: who belongs to the cluster and in which role, to change that,
 * and to hand the leadership over.
 *
 * @module
 */

import {
  KvFailure,
  type LeaderAnswer,
  type MemberJson,
  type MembersAnswer,
} from "@raftkv/core/api";
import {
  type Configuration,
  isJoint,
  type Member,
  type MembershipChange,
  type NodeId,
} from "@raftkv/core/raft";
import * as z from "zod";
import { parseNodeId, parseNodeUrl } from "../cluster_list.ts";
import type { KvPort, Membership } from "../kv_port.ts";
import {
  consistency,
  flag,
  integer,
  refuse,
  rule,
  text,
  timeout,
  TIMEOUT_MS_DEFAULT,
} from "./fields.ts";
import { operation } from "./operation.ts";

/** A change is one entry of the log, and a cluster that needs more has other troubles. */
const LIST_MAX = 64;
const URL_CHARACTERS_MAX = 512;

const member: z.ZodType<NodeId, string> = text.transform((value, context) =>
  parseNodeId(value) ?? refuse(context, "is the id of a member")
).meta({ description: "The id of a member.", override: { type: "string" } });

const url: z.ZodType<string, string> = text.transform((value, context) => {
  const parsed = value.length > URL_CHARACTERS_MAX ? null : parseNodeUrl(value);
  return parsed ?? refuse(context, "is a URL that others can dial, of scheme, host and port alone");
}).meta({
  description: "A URL that others can dial, of scheme, host and port alone.",
  override: { type: "string" },
});

function listOf<T extends z.ZodType>(item: T, description: string) {
  const expected = `is a list of at most ${LIST_MAX}`;
  return z.array(item, rule(expected)).max(LIST_MAX, rule(expected)).optional().meta({
    description,
  });
}

const memberUrl = z.strictObject({ id: member, url }, rule("is an object"));

/** Shows who belongs to the cluster. */
export const members = operation({
  name: "members",
  summary: "Shows who belongs to the cluster, in which role, and where in the log that stands.",
  query: { consistency, timeout },
  ask: ({ consistency = "linearizable", timeout: timeoutMs = TIMEOUT_MS_DEFAULT }) => ({
    kind: "node",
    answer: async (port) => {
      // Once a read is allowed, the node has applied, and so holds, every configuration before it.
      await new Promise<unknown>((resolve, reject) =>
        port.readThen({ consistency }, { timeoutMs }, { resolve, reject })
      );
      return { json: JSON.stringify(membersAnswer(port, port.membership())) };
    },
  }),
});

/** Changes who belongs to the cluster. */
export const changeMembers = operation({
  name: "changeMembers",
  summary: "Changes who belongs to the cluster: any set of changes in one step, or none of them.",
  query: { timeout },
  body: {
    add: listOf(
      z.strictObject({ url, voter: flag.optional() }, rule("is an object")),
      "Nodes that join, as learners; each votes once it has caught up, unless `voter` is false.",
    ),
    replace: listOf(
      memberUrl,
      "Voters that leave in the moment in which the new node at `url` begins to vote.",
    ),
    remove: listOf(member, "Members that leave."),
    promote: listOf(member, "Learners that begin to vote."),
    move: listOf(memberUrl, "Members that are reached under another URL from now on."),
    expectedIndex: integer(0).optional().meta({
      description: "The `index` of the members as the caller has seen them.",
    }),
  },
  failures: [
    "invalid_json",
    "invalid_body",
    "body_too_large",
    "member_not_found",
    "nothing_to_change",
    "change_in_progress",
    "configuration_changed",
    "already_member",
    "not_a_learner",
    "not_caught_up",
    "no_voter_left",
    "voters_unreachable",
  ],
  ask: (request) => {
    const { add = [], replace = [], remove = [], promote = [], move = [] } = request;
    const { expectedIndex = null, timeout: timeoutMs = TIMEOUT_MS_DEFAULT } = request;
    const joining = [
      ...add.map(({ url, voter = true }) => ({ url, votes: voter, replaces: null })),
      ...replace.map(({ id, url }) => ({ url, votes: true, replaces: id })),
    ];
    checkOnce([...replace.map(({ id }) => id), ...remove, ...promote, ...move.map(({ id }) => id)]);
    const change: MembershipChange = {
      add: joining.map((node) => ({ id: drawNodeId(), ...node })),
      remove,
      promote,
      move,
    };
    return {
      kind: "node",
      answer: async (port) => {
        const membership = await port.changeMembership({ change, expectedIndex }, { timeoutMs });
        return { json: JSON.stringify(membersAnswer(port, membership)) };
      },
    };
  },
});

/** Hands the leadership over. */
export const moveLeader = operation({
  name: "moveLeader",
  summary: "Hands the leadership to a voter, and names the leader then.",
  query: { timeout },
  body: {
    member: member.optional().meta({
      description: "Who is to lead; whoever is furthest along if not given.",
    }),
  },
  failures: [
    "invalid_json",
    "invalid_body",
    "body_too_large",
    "member_not_found",
    "not_a_voter",
    "no_heir",
    "not_taken_over",
  ],
  ask: ({ member = null, timeout: timeoutMs = TIMEOUT_MS_DEFAULT }) => ({
    kind: "node",
    answer: async (port) => {
      const { leaderId, term } = await port.transferLeadership(member, { timeoutMs });
      if (member !== null && leaderId !== member) {
        const message = `${leaderId} won the election in term ${term}, and leads.`;
        throw new KvFailure("not_taken_over", message, "unknown");
      }
      const url = port.members().find(({ id }) => id === leaderId)?.url ?? "";
      const answer: LeaderAnswer = { id: leaderId, url, term };
      return { json: JSON.stringify(answer) };
    },
  }),
});

/** An id that no node ever had: whoever came under an old one could vote twice. */
function drawNodeId(): NodeId {
  return `n-${crypto.getRandomValues(new Uint8Array(NODE_ID_BYTES)).toHex()}` as NodeId;
}

const NODE_ID_BYTES = 8;

/** What is said of a member twice may contradict itself. */
function checkOnce(named: readonly NodeId[]): void {
  const twice = named.find((id, at) => named.indexOf(id) < at);
  if (twice === undefined) return;
  throw new KvFailure("invalid_body", `The body says two things of member ${twice}.`);
}

function membersAnswer(
  port: KvPort,
  { index, isCommitted, configuration }: Membership,
): MembersAnswer {
  return {
    clusterId: port.clusterId,
    leaderId: port.status().leaderId,
    index,
    joint: isJoint(configuration),
    committed: isCommitted,
    members: configuration.members.map((member) => memberJson(member, configuration)),
  };
}

function memberJson({ id, url, incarnation }: Member, configuration: Configuration): MemberJson {
  const candidate = configuration.candidates.find((each) => each.id === id);
  const replaces = candidate?.replaces ?? null;
  return {
    id,
    url,
    role: roleOf(id, configuration),
    ...replaces === null ? {} : { replaces },
    ...incarnation === undefined ? {} : { incarnation },
  };
}

function roleOf(id: NodeId, configuration: Configuration): MemberJson["role"] {
  const { voters, learners, candidates } = configuration;
  if (voters.includes(id)) return "voter";
  if (!learners.includes(id)) return "leaving";
  return candidates.some((each) => each.id === id) ? "candidate" : "learner";
}
