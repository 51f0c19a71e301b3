/**
 * One seed of changing membership: nodes join, replace others and leave, while nodes crash and links
 * break and clients write. Then everything is mended, and the books are checked.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Configuration, isJoint, type NodeId } from "@raftkv/core/raft";
import type { RequestId } from "@raftkv/core/replica";
import { CALM_NETWORK, Cluster } from "@raftkv/sim";
import { JournalMachine, line } from "./journal_machine.ts";

/** What one seed came to. */
export interface Churn {
  readonly applied: number;
  readonly changes: number;
  readonly refusals: number;
  /** Learners that came to vote, and those of them that took another's place. */
  readonly promotions: number;
  readonly replacements: number;
  /** Leaders that were removed while they led. */
  readonly leadersRemoved: number;
  readonly virtualMs: number;
}

/** Runs one seed; throws if any promise was broken. */
export function runChurn(seed: number): Churn {
  const cluster = createCluster(seed);
  const books: Books = { joined: new Map(), leadersRemoved: new Set() };
  const writes = new Map<RequestId, string>();
  for (let round = 0; round < 120; round++) {
    disturb(cluster);
    if (cluster.random() < 0.25) change(cluster, books);
    const node = pick(cluster);
    if (node.isUp) {
      const text = `${seed}.${round}`;
      writes.set(cluster.propose(node.id, line(text)), text);
    }
    cluster.runFor(cluster.random() * 300);
  }
  checkWrites(cluster, { writes, journal: settle(cluster) });
  const replies = [...cluster.replies.values()];
  const { voters } = inForce(cluster)!.members;
  const promoted = [...books.joined].filter(([id]) => voters.includes(id));
  return {
    applied: replies.filter((reply) => reply.kind === "applied").length,
    changes: replies.filter((reply) => reply.kind === "membership_changed").length,
    refusals: replies.filter((reply) => reply.kind === "membership_refused").length,
    promotions: promoted.length,
    replacements: promoted.filter(([, replaces]) => {
      return replaces !== null && !voters.includes(replaces);
    }).length,
    leadersRemoved: [...books.leadersRemoved].filter((id) => !voters.includes(id)).length,
    virtualMs: cluster.queue.nowMs,
  };
}

/** What was asked for. */
interface Books {
  /** Who joined, and in whose place. */
  readonly joined: Map<NodeId, NodeId | null>;
  readonly leadersRemoved: Set<NodeId>;
}

function createCluster(seed: number): Cluster<number> {
  return new Cluster<number>({
    seed,
    size: 1 + seed % 5,
    spares: 4,
    createMachine: () => new JournalMachine(),
    snapshotLogBytesMin: seed % 3 === 0 ? 600 : 1 << 20,
    syncMsMax: seed % 4 === 0 ? 40 : 1,
    network: {
      ...CALM_NETWORK,
      delayMsMin: 0.1,
      delayMsMax: seed % 2 === 0 ? 100 : 5,
      dropRate: seed % 5 === 0 ? 0.05 : 0,
      duplicateRate: seed % 7 < 3 ? 0.2 : 0,
      replayRate: seed % 11 < 3 ? 0.02 : 0,
      replayMsMax: 10_000,
    },
  });
}

function pick(cluster: Cluster<number>) {
  return cluster.nodes[Math.floor(cluster.random() * cluster.nodes.length)]!;
}

/** The newest leader and the members it knows, or null if nobody leads. */
function inForce(cluster: Cluster<number>): { leader: NodeId; members: Configuration } | null {
  const leader = cluster.leaders()[0];
  const members = leader === undefined ? null : cluster.node(leader.id).configuration;
  return leader === undefined || members === null ? null : { leader: leader.id, members };
}

function disturb(cluster: Cluster<number>): void {
  const dice = cluster.random();
  const node = pick(cluster);
  if (dice < 0.05 && node.isUp) cluster.crash(node.id);
  else if (dice < 0.25) {
    const down = cluster.nodes.find((each) => !each.isUp && cluster.hasStarted(each.id));
    if (down !== undefined) cluster.start(down.id);
  } else if (dice < 0.29) cluster.isolate(node.id);
  else if (dice < 0.45) cluster.network.heal();
  else if (dice < 0.48) node.step({ kind: "transfer_leadership", target: null });
}

/** Asks the leader for a random change. A node joins once: its name is not used again. */
function change(cluster: Cluster<number>, books: Books): void {
  const found = inForce(cluster);
  if (found === null) return;
  const { leader, members } = found;
  const some = members.members[Math.floor(cluster.random() * members.members.length)]!.id;
  const replaces = cluster.random() < 0.5 && members.voters.includes(some) ? some : null;
  const spare = cluster.nodes.find(({ id }) => !cluster.hasStarted(id));
  const dice = cluster.random();
  if (dice < 0.5 && spare !== undefined) {
    cluster.start(spare.id);
    const votes = cluster.random() < 0.8;
    books.joined.set(spare.id, votes ? replaces : null);
    cluster.changeMembership(leader, {
      add: [{ ...cluster.member(spare.id), votes, replaces: votes ? replaces : null }],
    });
  } else if (dice < 0.8) {
    if (some === leader) books.leadersRemoved.add(some);
    cluster.changeMembership(leader, { remove: [some] });
  } else {
    const promote = members.learners.slice(0, 1);
    const remove = promote.includes(some) ? [] : [some];
    cluster.changeMembership(leader, { promote, remove });
  }
}

/** After mending, the members of the final configuration must serve again and agree. */
function settle(cluster: Cluster<number>): readonly string[] {
  cluster.network.heal();
  cluster.network.options = CALM_NETWORK;
  for (const { id, isUp } of cluster.nodes) if (!isUp && cluster.hasStarted(id)) cluster.start(id);
  cluster.runUntil("a change-free leader", () => {
    const members = inForce(cluster)?.members;
    return members !== undefined && !isJoint(members) && members.candidates.length === 0;
  }, 30_000);
  let last = cluster.propose(inForce(cluster)!.leader, line("last"));
  cluster.runUntil("a fresh write is applied", () => {
    const reply = cluster.replies.get(last);
    const leader = inForce(cluster)?.leader;
    if (reply?.kind === "failed" && leader !== undefined) {
      last = cluster.propose(leader, line("last"));
    }
    return reply?.kind === "applied";
  }, 20_000);
  const journals = () =>
    (inForce(cluster)?.members.members ?? []).map(({ id }) =>
      (cluster.node(id).machine as JournalMachine).lines.join()
    );
  cluster.runUntil("all members agree", () => new Set(journals()).size === 1, 20_000);
  cluster.runFor(11_000);
  return (cluster.node(inForce(cluster)!.leader).machine as JournalMachine).lines;
}

/** Acknowledged means there, once, at the place it was told; refused means not there. */
function checkWrites(
  cluster: Cluster<number>,
  books: { readonly writes: ReadonlyMap<RequestId, string>; readonly journal: readonly string[] },
): void {
  for (const [requestId, text] of books.writes) {
    const count = books.journal.filter((each) => each === text).length;
    assert(count <= 1, `write ${text} stands ${count} times in the journal`);
    const reply = cluster.replies.get(requestId);
    if (reply?.kind === "applied") assertEquals(books.journal[reply.result - 1], text);
    else if (reply?.kind === "failed" && reply.reason !== "unknown" && reply.reason !== "timeout") {
      assertEquals(count, 0, `write ${text} was refused (${reply.reason}) and yet applied`);
    }
  }
}
