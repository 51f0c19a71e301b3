/**
 * Changes of the membership of a real cluster, seen through whatever dies on the way.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { MembersAnswer, MembersBody } from "@raftkv/client";
import type { Cluster } from "./cluster.ts";
import type { ServedNode } from "./served_node.ts";
import { until } from "./until.ts";

/** What can be done to the membership. */
export type ChurnKind = "add" | "remove the leader" | "replace the leader" | "replace a follower";

/** In an order in which three members become four and three again. */
export const CHURN_KINDS: readonly ChurnKind[] = [
  "add",
  "remove the leader",
  "replace the leader",
  "replace a follower",
];

/** Makes one change, and waits until it is finished and whoever left has ended. */
export async function changeMembers(cluster: Cluster, kind: ChurnKind): Promise<void> {
  const leader = await cluster.newestLeader();
  switch (kind) {
    case "add":
      return await untilVotes(cluster, cluster.join());
    case "remove the leader":
      return await remove(cluster, leader);
    case "replace the leader":
      return await replace(cluster, leader);
    case "replace a follower": {
      const follower = cluster.nodes.find((node) => node !== leader);
      assert(follower !== undefined);
      return await replace(cluster, follower);
    }
  }
}

/** Takes a member out; resolves once it has ended. */
export async function remove(cluster: Cluster, node: ServedNode): Promise<void> {
  const { id } = node;
  await order(cluster, {
    body: { remove: [id] },
    isDone: ({ members, joint }) => !joint && !members.some((member) => member.id === id),
  });
  await node.expelled();
  await cluster.forget(node);
}

/** Lets a new node take a member's place; resolves once that one has ended. */
export async function replace(cluster: Cluster, node: ServedNode): Promise<void> {
  await untilVotes(cluster, cluster.join(node));
  await node.expelled();
  await cluster.forget(node);
}

/** Waits until a node votes and no change is under way. */
export async function untilVotes(cluster: Cluster, node: ServedNode): Promise<void> {
  await until(`the node at ${node.url} to vote`, async () => {
    const { members, joint } = await membersOf(cluster);
    return !joint && members.some(({ url, role }) => url === node.url && role === "voter");
  });
}

/** Orders a change as often as it takes: one whose answer was lost may or may not have come about. */
async function order(
  cluster: Cluster,
  { body, isDone }: {
    readonly body: MembersBody;
    readonly isDone: (answer: MembersAnswer) => boolean;
  },
): Promise<void> {
  await until(`${JSON.stringify(body)} to be done`, async () => {
    if (isDone(await membersOf(cluster))) return true;
    return isDone(await firstOf(cluster, (node) => node.client.changeMembers(body, TIMELY)));
  });
}

function membersOf(cluster: Cluster): Promise<MembersAnswer> {
  return firstOf(cluster, (node) => node.client.members(TIMELY));
}

/** The answer of the first node that has one. */
async function firstOf<T>(cluster: Cluster, ask: (node: ServedNode) => Promise<T>): Promise<T> {
  return await Promise.any(cluster.running.map(ask));
}

const TIMELY = { timeoutMs: 3_000 };
