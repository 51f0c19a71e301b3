/**
 * The pump: what leaves before the disk has answered, what after, and how it ends.
 */

import { assert, assertEquals } from "@std/assert";
import { pcg32, StorageFullError, type Store, type Transport } from "@raftkv/core";
import { decodeMessage } from "@raftkv/core/codec";
import {
  configurationOf,
  DEFAULT_TIMING,
  DEFAULT_WINDOWS,
  type LogIndex,
  type Message,
  type NodeId,
  type PersistBatch,
  POSITION_ZERO,
  type Term,
} from "@raftkv/core/raft";
import { Replica, type Reply, StateDivergedError } from "@raftkv/core/replica";
import { Pump } from "../../server/pump.ts";
import { JournalMachine, line } from "../support/journal_machine.ts";

const recovered = {
  hardState: { term: 0 as Term, votedFor: null },
  snapshot: null,
  base: POSITION_ZERO,
  entries: [],
};

/** A disk whose writes end when the test says so. */
class HeldDisk {
  readonly batches: PersistBatch[] = [];
  #ends: PromiseWithResolvers<void>[] = [];
  #waiting: { count: number; resolve: () => void } | null = null;

  append(batch: PersistBatch): Promise<void> {
    this.batches.push(batch);
    const end = Promise.withResolvers<void>();
    this.#ends.push(end);
    if (this.#waiting !== null && this.batches.length >= this.#waiting.count) {
      this.#waiting.resolve();
    }
    return end.promise;
  }

  /** Resolves once `count` writes have been asked for. */
  asked(count: number): Promise<void> {
    if (this.batches.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting = { count, resolve });
  }

  finish(at: number): void {
    this.#ends[at]!.resolve();
  }

  fail(at: number, error: Error): void {
    this.#ends[at]!.reject(error);
  }
}

class Harness {
  readonly disk = new HeldDisk();
  readonly sent: Message[] = [];
  readonly replies: Reply<number>[] = [];
  readonly fatal: unknown[] = [];
  readonly pump: Pump<number>;
  #onTurn = () => {};

  constructor(ids: readonly string[]) {
    const unused = () => Promise.reject(new Error("Not part of this test"));
    const store: Store = {
      recovered,
      append: (batch) => this.disk.append(batch),
      isShortOfRoom: false,
      reclaimRoom: unused,
      compact: unused,
      saveSnapshot: unused,
      readSnapshot: unused,
      stageSnapshot: unused,
      installSnapshot: unused,
      close: unused,
    };
    const transport: Transport = {
      setPeers: () => {},
      send: (_to, bytes) => {
        this.sent.push(decodeMessage(bytes) as Message);
        return true;
      },
      isUp: () => true,
      close: () => Promise.resolve(),
    };
    const now = () => ({ monotonicMs: performance.now(), wallMs: 0 });
    const replica = new Replica<number>({
      id: "n1" as NodeId,
      initialConfiguration: configurationOf(
        ids.map((id) => ({ id: id as NodeId, url: `http://${id}` })),
      ),
      recovered,
      timing: DEFAULT_TIMING,
      windows: DEFAULT_WINDOWS,
      random: pcg32(1),
      now: now(),
      machine: new JournalMachine(),
      snapshotLogBytesMin: 1 << 20,
    });
    this.pump = new Pump({
      replica,
      store,
      transport,
      now,
      onReply: (reply) => this.replies.push(reply),
      onTurn: () => this.#onTurn(),
      onFatal: (error) => {
        this.fatal.push(error);
        this.#onTurn();
      },
    });
  }

  /** Resolves after the turn, or the end of the node, in which `condition` became true. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onTurn = () => {
        if (condition()) resolve();
      };
    });
  }

  propose(requestId: number, text: string): void {
    const deadlineMs = performance.now() + 60_000;
    this.pump.push({ kind: "propose", requestId, payload: line(text), deadlineMs });
  }
}

const voteRequest = (term: number) => ({
  kind: "message" as const,
  from: "n2" as NodeId,
  message: {
    type: "vote_request" as const,
    term: term as Term,
    last: POSITION_ZERO,
    transfer: true,
  },
});

Deno.test("a vote leaves only after the disk has kept it", async () => {
  const harness = new Harness(["n1", "n2", "n3"]);
  harness.pump.push(voteRequest(3));
  await harness.disk.asked(1);
  assertEquals(harness.sent, []);
  assertEquals(harness.disk.batches[0]!.hardState, { term: 3 as Term, votedFor: "n2" as NodeId });
  harness.disk.finish(0);
  await harness.until(() => harness.sent.length === 1);
  assertEquals(harness.sent[0], { type: "vote_response", term: 3 as Term, granted: true });
  await harness.pump.stop();
});

Deno.test("what arrives during a sync forms one batch", async () => {
  const harness = new Harness(["n1"]);
  harness.pump.push({ kind: "tick" });
  await harness.disk.asked(1);
  // Its vote for itself; then it leads, and writes its first entry.
  harness.disk.finish(0);
  await harness.disk.asked(2);
  for (let requestId = 1; requestId <= 50; requestId++) harness.propose(requestId, "x");
  await harness.until(() => true);
  harness.disk.finish(1);
  await harness.disk.asked(3);
  assertEquals(harness.disk.batches.map(({ entries }) => entries.length), [0, 1, 50]);
  assertEquals(harness.replies, []);
  harness.disk.finish(2);
  await harness.until(() => harness.replies.length === 50);
  assert(harness.replies.every((reply) => reply.kind === "applied"));
  await harness.pump.stop();
});

Deno.test("a failed write ends the node and nothing it would have promised leaves", async () => {
  const harness = new Harness(["n1", "n2", "n3"]);
  harness.pump.push(voteRequest(3));
  await harness.disk.asked(1);
  harness.disk.fail(0, new Error("EIO"));
  await harness.until(() => harness.fatal.length + harness.sent.length > 0);
  harness.pump.push(voteRequest(4));
  await harness.pump.stop();
  assertEquals(harness.sent, []);
  assertEquals(harness.fatal.map(String), ["Error: EIO"]);
});

Deno.test("a full disk is asked again, and nothing is promised meanwhile", async () => {
  const harness = new Harness(["n1", "n2", "n3"]);
  harness.pump.push(voteRequest(3));
  await harness.disk.asked(1);
  harness.disk.fail(0, new StorageFullError("No room"));
  await harness.disk.asked(2);
  assertEquals(harness.sent, []);
  assertEquals(harness.disk.batches[1], harness.disk.batches[0]);
  harness.disk.finish(1);
  await harness.until(() => harness.sent.length === 1);
  assertEquals(harness.fatal, []);
  await harness.pump.stop();
});

Deno.test("a node whose state nobody shares tells the others and ends", async () => {
  const harness = new Harness(["n1", "n2", "n3"]);
  for (const peer of ["n2", "n3"] as NodeId[]) harness.pump.push({ kind: "peer_up", peer });
  for (const from of ["n2", "n3"] as NodeId[]) {
    const message = {
      type: "state_hash",
      index: 0 as LogIndex,
      hash: "another",
      asks: false,
    } as const;
    harness.pump.push({ kind: "message", from, message });
  }
  await harness.until(() => harness.fatal.length > 0);
  await harness.pump.stop();
  assert(harness.fatal[0] instanceof StateDivergedError);
  assertEquals(harness.sent.map(({ type }) => type), ["state_hash", "state_hash"]);
});
