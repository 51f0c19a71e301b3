/**
 * The reads that the server brings about, on nodes in virtual time: everything between a request and
 * the log is the code of production.
 *
 * @module
 */

import { assert } from "@std/assert";
import { type CommandResult, KvStateMachine } from "@raftkv/core/kv";
import type { Reply, RequestId } from "@raftkv/core/replica";
import type { Cluster } from "@raftkv/sim";
import { MachineFeed } from "../../server/event_feed.ts";
import { FreshReads } from "../../server/fresh_reads.ts";

/** The reads of every run of every node. */
export class SimulatedReads {
  readonly #cluster: Cluster<CommandResult>;
  readonly #byRun = new Map<string, FreshReads>();
  readonly #waiting = new Map<RequestId, (reply: Reply<CommandResult>) => void>();

  constructor(cluster: Cluster<CommandResult>) {
    this.#cluster = cluster;
  }

  /** Those of the run in which a node is. */
  of(id: string): FreshReads {
    const cluster = this.#cluster;
    const node = cluster.node(id);
    const { machine } = node;
    assert(machine instanceof KvStateMachine);
    const run = `${id} ${node.life}`;
    const known = this.#byRun.get(run);
    if (known !== undefined) return known;
    const reads = new FreshReads({
      reader: machine,
      events: new MachineFeed(machine),
      isStopping: () => false,
      isStateLost: () => node.disk.isStateLost,
      nowMs: () => node.clock.monotonicMs,
      ask: (mode, { timeoutMs }, { resolve, reject }) => {
        this.#waiting.set(cluster.read(id, { mode, timeoutMs }), (reply) => {
          if (reply.kind === "readable") resolve(reply.round);
          else reject(reply);
        });
      },
    });
    this.#byRun.set(run, reads);
    return reads;
  }

  /** Passes on what was answered. */
  hear(): void {
    for (const [requestId, onReply] of this.#waiting) {
      const reply = this.#cluster.replies.get(requestId);
      if (reply === undefined) continue;
      this.#waiting.delete(requestId);
      onReply(reply);
    }
  }
}
