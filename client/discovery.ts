/**
 * Asks the cluster who its members are, beside the requests and never in their way, so that one
 * given URL is enough while the node behind it lives.
 *
 * @module
 */

import { isClusterStatus } from "./answers.ts";
import type { Exchange } from "./attempt.ts";
import type { LeaderCache } from "./leader_cache.ts";
import { RequestScope } from "./request_scope.ts";
import type { Timers } from "./timers.ts";

/** The nodes ask each other to answer this, so it may take a while where one is dead. */
const STATUS_MS_MAX = 3_000;
/** Members change rarely. */
const REFRESH_MS = 60_000;
/** …but an unknown leader is worth a question, though not one for every answer. */
const REFRESH_LEADER_MS = 2_000;

/** What {@linkcode Discovery} works with. */
export interface DiscoveryParts {
  readonly exchange: Exchange;
  readonly timers: Timers;
  readonly cache: LeaderCache;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
}

/** Learns members in the background, one question at a time. */
export class Discovery {
  readonly #parts: DiscoveryParts;
  #lastMs = -Infinity;
  #underWay: Promise<void> | null = null;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  /** Asks the endpoint that has just answered, if it is time to ask again. */
  onAnswer(endpoint: string): void {
    const { timers, cache, closed } = this.#parts;
    const intervalMs = cache.lacksLeaderUrl ? REFRESH_LEADER_MS : REFRESH_MS;
    const due = timers.nowMs() - this.#lastMs >= intervalMs;
    if (!due || this.#underWay !== null || closed.aborted) return;
    this.#lastMs = timers.nowMs();
    this.#underWay = this.#ask(endpoint).finally(() => this.#underWay = null);
  }

  /** Resolves once no question is under way. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  async #ask(endpoint: string): Promise<void> {
    const { exchange, timers, cache, closed } = this.#parts;
    const scope = new RequestScope(timers, STATUS_MS_MAX, [closed]);
    try {
      const result = await exchange(endpoint, {
        operation: { op: "status", fields: {} },
        scope,
        limitMs: STATUS_MS_MAX,
      });
      if (result.kind === "success" && isClusterStatus(result.body)) {
        cache.learnMembers(result.body.nodes, result.body.leaderId);
      }
    } catch {
      // Closed while it asked: nobody wants to know any more.
    } finally {
      scope.dispose();
    }
  }
}
