/**
 * Waits until a member votes, and shows how far it has come.
 *
 * @module
 */

import type { MembersAnswer, MembersBody } from "@raftkv/core/api";
import { type Kv, KvError } from "@raftkv/client";
import type { Invocation } from "../command.ts";
import { connectFor, timeoutMsOf } from "../connection.ts";
import { EXIT } from "../exit_code.ts";
import { CommandFailure } from "../failures.ts";

/**
 * Resolves to the members once `id` votes.
 *
 * @param options `order`: what makes it vote, once it may; null if that comes about by itself.
 * @throws {CommandFailure} if it is no member any more, or the time that was given is over
 */
export async function awaitVote(
  invocation: Invocation,
  { id, order }: { readonly id: string; readonly order: MembersBody | null },
): Promise<MembersAnswer> {
  const { flags, surroundings: { stderr } } = invocation;
  const limitMs = flags.get("timeout") === undefined ? Infinity : timeoutMsOf(invocation);
  const startMs = performance.now();
  await using client = connectFor(invocation);
  let shown = "";
  const show = async (line: string) => {
    if (stderr.isTerminal && line !== shown) await stderr.write(`\r\x1b[K${line}`);
    shown = line;
  };
  for (;;) {
    const answer = order === null ? await client.members() : await promoted(client, order);
    const role = answer.members.find((member) => member.id === id)?.role;
    if (role === "voter") {
      await show("");
      return answer;
    }
    if (role === undefined) {
      throw new CommandFailure(`${id} is no member any more`, {
        code: "member_not_found",
        exitCode: EXIT.notFound,
      });
    }
    const progress = await progressOf(client, id);
    await show(`${id}: ${progress}`);
    if (performance.now() - startMs >= limitMs) {
      await show("");
      throw new CommandFailure(`${id} does not vote yet: ${progress}; it stays a member`, {
        code: "not_caught_up",
        exitCode: EXIT.failed,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function promoted(client: Kv, order: MembersBody): Promise<MembersAnswer> {
  try {
    return await client.changeMembers(order);
  } catch (error) {
    const isEarly = error instanceof KvError &&
      (error.code === "not_caught_up" || error.code === "timeout");
    if (!isEarly || error.outcome === "unknown") throw error;
    return await client.members();
  }
}

async function progressOf(client: Kv, id: string): Promise<string> {
  const { nodes } = await client.status();
  const own = nodes.find((node) => node.id === id);
  if (own?.reachable !== true) return "waits for the node to be started";
  const target = Math.max(...nodes.map(({ commitIndex = 0 }) => commitIndex));
  const { appliedIndex = 0 } = own;
  const percent = target === 0 ? 100 : Math.floor(100 * appliedIndex / target);
  return `catches up, ${percent}% of ${target.toLocaleString("en-US")} entries`;
}

const PAUSE_MS = 300;
