/**
 * The members as a heading and a table.
 *
 * @module
 */

import type { MemberJson, MembersAnswer } from "@raftkv/core/api";
import type { Style } from "../style.ts";
import { type Column, tableLines } from "../table.ts";

const COLUMNS: readonly Column[] = [
  { title: "MEMBER", align: "left" },
  { title: "URL", align: "left" },
  { title: "ROLE", align: "left" },
];

/** For people. */
export function describeMembers(answer: MembersAnswer, style: Style): string {
  const { clusterId, leaderId, index, joint, members } = answer;
  const leader = leaderId === null ? style.red("no leader") : `leader ${style.bold(leaderId)}`;
  const state = joint ? `, ${style.yellow("a change is under way")}` : "";
  const [titles = "", ...rows] = tableLines(
    COLUMNS,
    members.map((member) => [member.id, member.url, describeRole(member)]),
  );
  return [
    `cluster ${clusterId}, ${leader}, members as of entry ${index}${state}`,
    style.dim(titles),
    ...rows.map((row, at) => members[at]?.id === leaderId ? style.green(row) : row),
  ].join("\n");
}

function describeRole({ role, replaces, incarnation }: MemberJson): string {
  const place = replaces === undefined ? "" : `, to replace ${replaces}`;
  // Who has a vote and was never met began the cluster with the others, and is expected to come.
  const absent = incarnation === undefined ? ", not started yet" : "";
  return role === "candidate" ? `learner, votes once caught up${place}${absent}` : role + absent;
}
