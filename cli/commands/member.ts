/**
 * `raftkv member`: who belongs to the cluster.
 *
 * @module
 */

import type { Command } from "../command.ts";
import { runVerb, type Verb } from "../verbs.ts";

/** Lists, adds, removes, promotes, replaces and moves members. */
export const memberCommand: Command = {
  name: "member",
  summary: "Add, replace, promote, move or remove a member, or list them",
  usage: "list|add|remove|promote|replace|move [ID] [URL]",
  arity: [1, 3],
  flags: () => [
    {
      name: "learner",
      verbs: ["add"],
      summary: "give the new member no vote, also when it has caught up",
    },
    {
      name: "wait",
      verbs: ["add", "replace", "promote"],
      summary: "until the member votes, or --timeout",
    },
    {
      name: "expected-index",
      value: "N",
      verbs: ["add", "remove", "promote", "replace", "move"],
      summary: "refuse if the members have changed since list showed this index",
    },
  ],
  details: [
    "list, add URL, remove ID, promote ID, replace OLD NEWURL, move ID URL: the last says where a\n" +
    "member is reached from now on.",
    "add and replace give a new node an id and a place; the node at URL takes it when it is started\n" +
    "with raftkv serve --join, which also asks for the place itself if there is none. It begins as a\n" +
    "learner and votes once it has caught up; with replace, OLD leaves in that moment. NEWURL may be\n" +
    "that of OLD, if a machine lost its disk.",
    "remove takes out any member, the leader too, and its node ends with exit code 8. A change that\n" +
    "would leave too few voters that answer is refused.",
  ],
  examples: [
    { line: "raftkv member list", meaning: "Show the members and their roles" },
    { line: "raftkv member add http://10.0.0.4:8001 --wait", meaning: "Take in a fourth node" },
    {
      line: "raftkv member replace n2 http://10.0.0.5:8001",
      meaning: "Let a new node take the place of n2",
    },
    { line: "raftkv member remove n3", meaning: "Take out a member" },
  ],
  run: (invocation) =>
    runVerb(invocation, {
      command: "member",
      verbs: { list, add, remove, promote, replace, move },
    }),
};

const load = () => import("../member/verbs.ts");
const list: Verb = async (invocation) => await (await load()).list(invocation);
const add: Verb = async (invocation) => await (await load()).add(invocation);
const remove: Verb = async (invocation) => await (await load()).remove(invocation);
const promote: Verb = async (invocation) => await (await load()).promote(invocation);
const replace: Verb = async (invocation) => await (await load()).replace(invocation);
const move: Verb = async (invocation) => await (await load()).move(invocation);
