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
  wordsOf(invocation, []);
  await using client = connectFor(invocation);
  const answer = await client.members();
  const { output } = invocation;
  await output.result({ json: answer, text: describeMembers(answer, output.style) });
  return EXIT.ok;
}

/** Takes in a node. */
export async function add(invocation: Invocation): Promise<ExitCode> {
  const { url } = wordsOf(invocation, ["url"]);
  const voter = !invocation.flags.has("learner");
  const answer = await change(invocation, { add: [{ url, voter }] });
  return await tellOfNewcomer(invocation, { answer, url, becomes: voter ? "vote" : "learn" });
}

/** Lets a new node take a member's place. */
export async function replace(invocation: Invocation): Promise<ExitCode> {
  const { id, url } = wordsOf(invocation, ["id", "url"]);
  const answer = await change(invocation, { replace: [{ id, url }] });
  return await tellOfNewcomer(invocation, { answer, url, becomes: "vote" });
}

/** Takes out a member. */
export async function remove(invocation: Invocation): Promise<ExitCode> {
  const { id } = wordsOf(invocation, ["id"]);
  const answer = await change(invocation, { remove: [id] });
  const text = `removed ${id}; ${count(answer)} are left`;
  await invocation.output.result({ json: answer, text });
  return EXIT.ok;
}

/** Gives a learner a vote. */
export async function promote(invocation: Invocation): Promise<ExitCode> {
  const { id } = wordsOf(invocation, ["id"]);
  const answer = invocation.flags.has("wait")
    ? await awaitVote(invocation, { id, promotes: true })
    : await change(invocation, { promote: [id] });
  await invocation.output.result({ json: answer, text: `${id} votes; ${count(answer)} in all` });
  return EXIT.ok;
}

/** Says where a member is reached. */
export async function move(invocation: Invocation): Promise<ExitCode> {
  const { id, url } = wordsOf(invocation, ["id", "url"]);
  const answer = await change(invocation, { move: [{ id, url }] });
  await invocation.output.result({ json: answer, text: `${id} is reached at ${url}` });
  return EXIT.ok;
}

async function change(invocation: Invocation, body: MembersBody): Promise<MembersAnswer> {
  const given = invocation.flags.get("expected-index");
  const expectedIndex = given === undefined ? undefined : Number(given);
  if (expectedIndex !== undefined && !/^\d{1,15}$/.test(given ?? "")) {
    throw wrong(`Cannot read --expected-index: Expected a whole number: "${given}"`);
  }
  await using client = connectFor(invocation);
  return await client.changeMembers({
    ...body,
    ...expectedIndex === undefined ? {} : { expectedIndex },
  });
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
    const after = await awaitVote(invocation, { id, promotes: false });
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
function wordsOf<Name extends "id" | "url">(
  { positionals: [verb = "", ...given] }: Invocation,
  names: readonly Name[],
): Readonly<Record<Name, string>> {
  if (given.length !== names.length) {
    const usage = ["raftkv member", verb, ...names.map((name) => name.toUpperCase())].join(" ");
    throw wrong(`Expected: ${usage}`);
  }
  const words = Object.fromEntries(names.map((name, at) => [name, given[at] ?? ""]));
  const { url } = words;
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw wrong(`Expected a URL, as in http://10.0.0.4:8001: "${url}"`);
  }
  return words as Record<Name, string>;
}

function wrong(message: string): UsageError {
  return new UsageError(message, "member");
}
