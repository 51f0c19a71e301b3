/**
 * Lease reads under those troubles that leases are known for: links that break at both ends, a voter
 * that restarts, a request to take over that comes late, answers that take their time. Each is
 * followed by a cut that hides from the old leader that it has a successor.
 *
 * @module
 */

import { assert } from "@std/assert";
import { pcg32, type Random } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import { Cluster } from "@raftkv/sim";
import { JournalMachine, line } from "../support/journal_machine.ts";

/** Clocks do not run apart here, so that a lease lasts to the last millisecond. */
const TIMING = {
  heartbeatMs: 20,
  electionTimeoutMsMin: 100,
  electionTimeoutMsMax: 250,
  leaseDriftMs: 1,
};

interface Stage {
  readonly cluster: Cluster<number>;
  readonly random: Random;
  readonly leader: NodeId;
  readonly others: readonly NodeId[];
}

/** Cuts the leader off from everyone, without a word to anybody. */
function cutOff({ cluster, leader, others }: Stage): void {
  cluster.network.cutAll(others.flatMap((other) => [
    { from: leader, to: other },
    { from: other, to: leader },
  ]));
}

const TROUBLES: Readonly<Record<string, (stage: Stage) => void>> = {
  "every link to the leader breaks, and both ends are told": (stage) => {
    const { cluster, leader, others } = stage;
    cutOff(stage);
    for (const other of others) cluster.breakLink(leader, other);
  },
  "the voters that the lease rests on restart, and the others want to vote": (stage) => {
    const { cluster, random, leader, others } = stage;
    const [deaf, ...loyal] = others;
    cluster.network.cut(leader, deaf!);
    cluster.runFor(300 + random() * 50);
    cutOff(stage);
    for (const id of loyal) {
      cluster.crash(id);
      cluster.start(id);
    }
  },
  "a request to take over comes after the hand-over was given up": (stage) => {
    const { cluster, random, leader, others } = stage;
    const target = others[0];
    const clogMs = 130 + random() * 100;
    cluster.network.clog({ from: leader, to: target! }, clogMs);
    cluster.node(leader).step({ kind: "transfer_leadership", target: target! });
    cluster.runFor(clogMs - 0.5);
    // What was held back still arrives, and the leader hears nothing of what comes of it.
    cluster.network.cutAll(others.map((from) => ({ from, to: leader })));
    cluster.runFor(2.5);
  },
  "answers take most of an election timeout": (stage) => {
    const { cluster, random, leader, others } = stage;
    const byMs = 60 + random() * 35;
    for (const from of others) cluster.network.slow({ from, to: leader }, byMs);
    cluster.runFor(300 + random() * 20);
    cluster.network.cutAll(others.map((to) => ({ from: leader, to })));
  },
};

/** Runs one trouble; returns what was seen, and throws if a read was stale. */
function run(seed: number, trouble: (stage: Stage) => void) {
  const random = pcg32(seed);
  const cluster = new Cluster<number>({
    seed,
    size: random() < 0.5 ? 3 : 5,
    timing: TIMING,
    createMachine: () => new JournalMachine(),
  });
  const leader = cluster.runUntilLed();
  const others = cluster.nodes.map(({ id }) => id).filter((id) => id !== leader);
  cluster.runFor(100 + random() * 40);
  trouble({ cluster, random, leader, others });
  let known = 0;
  const seen = { byLease: 0, elsewhere: 0 };
  const linesAt = (id: NodeId) => (cluster.node(id).machine as JournalMachine).lines.length;
  for (let at = 0; at < 150; at++) {
    for (const id of others) {
      if (!cluster.node(id).isUp) continue;
      cluster.propose(id, line(`${at} at ${id}`), {
        onEnd: (end) => {
          if (end.kind !== "applied") return;
          known = Math.max(known, end.result);
          seen.elsewhere++;
        },
      });
    }
    const floor = known;
    cluster.read(leader, {
      mode: "lease",
      timeoutMs: 1,
      onEnd: ({ kind }) => {
        if (kind !== "readable") return;
        seen.byLease++;
        assert(linesAt(leader) >= floor, `seed ${seed}: ${linesAt(leader)} lines, not ${floor}`);
      },
    });
    cluster.runFor(2);
  }
  return seen;
}

for (const [name, trouble] of Object.entries(TROUBLES)) {
  //
  Deno.test(`no lease read is stale when ${name}`, () => {
    let byLease = 0;
    let elsewhere = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const seen = run(seed, trouble);
      byLease += seen.byLease;
      elsewhere += seen.elsewhere;
    }
    assert(elsewhere > 12, `others served ${elsewhere} writes`);
    assert(byLease > 0 || name.startsWith("a request"), `the old leader served ${byLease} reads`);
  });
}
