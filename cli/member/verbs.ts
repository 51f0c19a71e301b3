/**
 * What `raftkv member` does.
 *
 * @module
 */

import type { MemberJson, MembersAnswer, MembersBody } from "@raftkv/core/api";
import type { Invocation } from "../command.ts";
import { connectFor, endpointsOf } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { UsageError } from "../failures.ts";
import { describeMembers } from "./describe_members.ts";
import { awaitVote } from "./await_vote.ts";

/** Shows the members. */
export async function list(invocation: Invocation): Promise<ExitCode> {
  await wordsOf(invocation, []);
  await using client = connectFor(invocation);
  const answer = await client.members();
  const { output } = invocation;
  await output.result({ json: answer, text: describeMembers(answer, output.style) });
  return EXIT.ok;
}

/** Takes in a node. */
export async function add(invocation: Invocation): Promise<ExitCode> {
  const { url } = await wordsOf(invocation, ["url"]);
  const voter = !invocation.flags.has("learner");
  if (!voter && invocation.flags.has("wait")) {
    throw wrong("Cannot use --wait with --learner: A learner does not vote");
  }
  const answer = await change(invocation, { add: [{ url, voter }] });
  return await tellOfNewcomer(invocation, { answer, url, becomes: voter ? "vote" : "learn" });
}

/** Lets a new node take a member's place. */
export async function replace(invocation: Invocation): Promise<ExitCode> {
  const { id, url } = await wordsOf(invocation, ["id", "url"]);
  const answer = await change(invocation, { replace: [{ id, url }] });
  return await tellOfNewcomer(invocation, { answer, url, becomes: "vote" });
}

/** Takes out a member. */
export async function remove(invocation: Invocation): Promise<ExitCode> {
  const { id } = await wordsOf(invocation, ["id"]);
  const answer = await change(invocation, { remove: [id] });
  const text = `removed ${id}; ${count(answer)} are left`;
  await invocation.output.result({ json: answer, text });
  return EXIT.ok;
}

/** Gives a learner a vote. */
export async function promote(invocation: Invocation): Promise<ExitCode> {
  const { id } = await wordsOf(invocation, ["id"]);
  const answer = invocation.flags.has("wait")
    ? await awaitVote(invocation, { id, order: orderOf(invocation, { promote: [id] }) })
    : await change(invocation, { promote: [id] });
  await invocation.output.result({ json: answer, text: `${id} votes; ${count(answer)} in all` });
  return EXIT.ok;
}

/** Says where a member is reached. */
export async function move(invocation: Invocation): Promise<ExitCode> {
  const { id, url } = await wordsOf(invocation, ["id", "url"]);
  const answer = await change(invocation, { move: [{ id, url }] });
  await invocation.output.result({ json: answer, text: `${id} is reached at ${url}` });
  return EXIT.ok;
}

async function change(invocation: Invocation, body: MembersBody): Promise<MembersAnswer> {
  const order = orderOf(invocation, body);
  await using client = connectFor(invocation);
  return await client.changeMembers(order);
}

/** The change, with what the flags say of when to refuse it. */
function orderOf(invocation: Invocation, body: MembersBody): MembersBody {
  const given = invocation.flags.get("expected-index");
  const expectedIndex = given === undefined ? undefined : Number(given);
  if (expectedIndex !== undefined && !/^\d{1,15}$/.test(given ?? "")) {
    throw wrong(`Cannot read --expected-index: Expected a whole number: "${given}"`);
  }
  return { ...body, ...expectedIndex === undefined ? {} : { expectedIndex } };
}

async function tellOfNewcomer(
  invocation: Invocation,
  { answer, url, becomes }: {
    readonly answer: MembersAnswer;
    readonly url: string;
    readonly becomes: "vote" | "learn";
  },
): Promise<ExitCode> {
  const { output, flags } = invocation;
  const { id } = newcomerAt(url, answer);
  if (flags.has("wait") && becomes === "vote") {
    const after = await awaitVote(invocation, { id, order: null });
    await output.result({ json: { id, ...after }, text: `${id} votes; ${count(after)} in all` });
    return EXIT.ok;
  }
  const [any = "URL"] = endpointsOf(invocation);
  const until = becomes === "vote" ? ", without a vote until it has caught up" : " as a learner";
  await output.result({
    json: { id, ...answer },
    text: `added ${id} at ${url}${until}\n` +
      `start it there: raftkv serve --join ${any} --listen ${new URL(url).host}`,
  });
  return EXIT.ok;
}

/** The member that was just added: it may have been started, and even vote, by now. */
function newcomerAt(url: string, { members }: MembersAnswer): MemberJson {
  const here = members.filter((member) => member.url === new URL(url).origin);
  const found = here.find(({ role }) => role === "candidate" || role === "learner") ?? here.at(-1);
  if (found === undefined) {
    throw new Error(`Cannot find the new member at ${url}: It has left again`);
  }
  return found;
}

function count({ members }: MembersAnswer): string {
  const voters = members.filter(({ role }) => role === "voter").length;
  return `${voters} ${voters === 1 ? "voter" : "voters"}`;
}

/** The arguments behind the verb, by name. */
async function wordsOf<Name extends "id" | "url">(
  { positionals: [verb = "", ...given] }: Invocation,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>>> {
  if (given.length !== names.length) {
    const usage = ["raftkv member", verb, ...names.map((name) => name.toUpperCase())].join(" ");
    throw wrong(`Expected: ${usage}`);
  }
  const words = names.map((name, at) => [name, given[at] ?? ""] as const);
  for (const [name, word] of words) if (name === "url") await checkUrl(word);
  return Object.fromEntries(words) as Record<Name, string>;
}

async function checkUrl(text: string): Promise<void> {
  // Far away, and most verbs need none of it.
  const { parseNodeUrl } = await import("@raftkv/server");
  if (parseNodeUrl(text) !== null) return;
  throw wrong(`Expected a URL that others can dial, as in http://10.0.0.4:8001: "${text}"`);
}

function wrong(message: string): UsageError {
  return new UsageError(message, "member");
}
