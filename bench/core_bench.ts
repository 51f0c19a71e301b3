/**
 * The protocol by itself: a leader of three that proposes, syncs, is answered and commits, and a
 * follower that takes what a leader sends. No disk, no network, no state machine.
 *
 * Run it with `deno bench bench/core_bench.ts`.
 *
 * @module
 */

import type { AppendRequest, LogIndex } from "@raftkv/core/raft";
import { RaftBench } from "../tests/support/raft_bench.ts";
import { accepted, append, snapshot } from "../tests/support/raft_messages.ts";

const payload = new Uint8Array(280);

/** After so many entries a snapshot lets go of the log, as in a store. */
const ENTRIES_PER_SNAPSHOT = 100_000;

/** Forgets what the bench has gathered, and now and then the log. */
function tidyUp({ node, sent, committed }: RaftBench): void {
  sent.length = 0;
  committed.length = 0;
  const { commitIndex } = node;
  if (commitIndex - node.snapshotIndex < ENTRIES_PER_SNAPSHOT) return;
  node.onSnapshotSaved(snapshot([commitIndex, node.term]));
  node.compact(commitIndex, 0);
}

/** Lets a leader commit so many commands as one batch. */
function commit(bench: RaftBench, count: number): void {
  const { node } = bench;
  for (let at = 0; at < count; at++) node.propose(payload);
  bench.drain().sync();
  const answer = accepted(node.term, node.lastIndex);
  bench.receive("n2", answer).receive("n3", answer);
  if (node.commitIndex !== node.lastIndex) throw new Error("Cannot use a round without a commit");
  tidyUp(bench);
}

/** Lets a follower take so many entries as one batch, synced and committed. */
function take(bench: RaftBench, request: AppendRequest): void {
  const { node } = bench;
  const { lastIndex } = node;
  const entries = request.entries.map((entry, at) => ({
    ...entry,
    index: lastIndex + 1 + at as LogIndex,
  }));
  const previous = { index: lastIndex, term: request.term };
  bench.receive("n2", { ...request, previous, entries, leaderCommit: lastIndex }).sync();
  if (node.lastIndex === lastIndex) throw new Error("Cannot use a round without entries");
  tidyUp(bench);
}

for (const count of [1, 64, 512]) {
  const leader = new RaftBench().becomeLeader().sync();
  const terms = Array.from({ length: count }, () => 1);
  const follower = new RaftBench({ term: 1, log: [1] });
  const request = append(1, { previous: [1, 1], entries: terms });
  Deno.bench(`leader: propose, sync and commit a batch of ${count}`, () => {
    commit(leader, count);
  });
  Deno.bench(`follower: take and sync a batch of ${count}`, () => {
    take(follower, request);
  });
}
