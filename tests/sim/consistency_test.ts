/**
 * What the answer to a read says of how fresh it is: that on which it rests, and not what was asked
 * for. From the request, over the wire between the nodes, to what goes out with the answer.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type CommandResult, KvStateMachine } from "@raftkv/core/kv";
import { DEFAULT_TIMING, type NodeId } from "@raftkv/core/raft";
import { Cluster } from "@raftkv/sim";
import type { Consistency } from "../../server/served.ts";
import { SimulatedReads } from "../support/simulated_reads.ts";

/** A cluster that is led, and its reads. */
class Stage {
  readonly cluster: Cluster<CommandResult>;
  readonly leader: NodeId;
  readonly follower: NodeId;
  readonly #reads: SimulatedReads;

  constructor({ leaseDriftMs }: { readonly leaseDriftMs?: number }) {
    this.cluster = new Cluster<CommandResult>({
      seed: 1,
      size: 3,
      createMachine: () => new KvStateMachine(),
      timing: { ...DEFAULT_TIMING, ...(leaseDriftMs === undefined ? {} : { leaseDriftMs }) },
    });
    this.#reads = new SimulatedReads(this.cluster);
    this.leader = this.cluster.runUntilLed();
    this.follower = this.cluster.nodes.map(({ id }) => id).find((id) => id !== this.leader)!;
    this.cluster.runFor(500);
  }

  /** Each read in turn, at one node, in one moment: as what each was served. */
  served(id: NodeId, ...asked: Consistency[]): (Consistency | null | undefined)[] {
    const told = asked.map(() => null as Consistency | null | undefined);
    for (const [at, consistency] of asked.entries()) {
      this.#reads.of(id).readThen({ consistency }, { timeoutMs: 5_000 }, {
        resolve: (_, served) => void (told[at] = served?.consistency),
        reject: (thrown) => {
          throw thrown;
        },
      });
    }
    this.cluster.runFor(3_000);
    this.#reads.hear();
    return told;
  }
}

//
Deno.test("a leader that holds a lease serves what asks for one by it, and nothing else", () => {
  const stage = new Stage({ leaseDriftMs: 100 });
  assertEquals(stage.served(stage.leader, "lease", "linearizable", "stale"), [
    "lease",
    "linearizable",
    "stale",
  ]);
});

//
Deno.test("where lease reads are off, a read that asks for one was linearizable, and says so", () => {
  const stage = new Stage({});
  assertEquals(stage.served(stage.leader, "lease"), ["linearizable"]);
  assertEquals(stage.served(stage.follower, "lease"), ["linearizable"]);
});

//
Deno.test("a leader that holds no lease asks the quorum, and the answer says so", () => {
  const stage = new Stage({ leaseDriftMs: 100 });
  const { cluster, leader } = stage;
  // Promises come when they are over: the quorum is there, and no lease.
  for (const { id } of cluster.nodes) {
    if (id !== leader) cluster.network.slow({ from: id, to: leader }, 950);
  }
  cluster.runFor(3_000);
  assertEquals(cluster.leaders().map(({ id }) => id), [leader]);
  assertEquals(stage.served(leader, "lease"), ["linearizable"]);
});

//
Deno.test("a follower tells what the leader's word rests on: its lease, or the quorum", () => {
  const stage = new Stage({ leaseDriftMs: 100 });
  assertEquals(stage.served(stage.follower, "lease"), ["lease"]);
  assertEquals(stage.served(stage.follower, "linearizable"), ["linearizable"]);
  // The second waits until the first has been asked about, and then shares the stricter question of
  // the third.
  assertEquals(stage.served(stage.follower, "lease", "lease", "linearizable"), [
    "lease",
    "linearizable",
    "linearizable",
  ]);
});
