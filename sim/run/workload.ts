/**
 * What clients do in a run, and how it is judged: the part of a simulation that knows what the state
 * machine means. A user's own machine comes with a workload of its own.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { StateMachine } from "@raftkv/core/replica";
import type { Cluster } from "../cluster.ts";
import type { Marks } from "./marks.ts";

/** A broken promise. */
export interface Violation {
  /** The rule in positive form, with its number if it has one: "I23 strict serializability". */
  readonly invariant: string;
  /** What shows that it is broken, for a person to follow. */
  readonly evidence: string;
  /** A page to look at that shows it, if there is one. */
  readonly page?: string;
}

/** What a workload is given. */
export interface WorkloadParts<Result> {
  /** The cluster that its clients use. */
  readonly world: Cluster<Result>;
  /** A source of chance that nothing else draws from. */
  readonly random: Random;
  /** Notes what came about. */
  readonly marks: Marks;
}

/** The clients of one run. */
export interface Workload {
  /** Clients come; called once, before the first fault. */
  begin(): void;
  /**
   * Clients do something; called again and again while faults happen, at moments drawn by chance, and
   * for a while in the core that is healed.
   */
  act(): void;
  /** Faults are over, and a connected majority serves: no new requests, and no more retries. */
  settle(): void;
  /** How many requests have not ended: none may be left once all deadlines have passed. */
  readonly openCount: number;
  /** How many requests were answered: a run in which hardly any was says little. */
  readonly answeredCount: number;
  /**
   * What does not hold, now that everything has ended and the members agree.
   *
   * @param final The state machine of a member that has applied everything, as the world made it.
   */
  judge(final: StateMachine<unknown>): readonly Violation[];
}

/** Makes the state machines and the clients of a run. */
export interface WorkloadKind<Result> {
  /** Its name, for messages. */
  readonly name: string;
  /** The marks that a batch of seeds with this workload must hit, beside those of the cluster. */
  readonly marks: readonly string[];
  /** Makes the empty state machine of a node that starts. */
  createMachine(): StateMachine<Result>;
  /** Makes the clients of one run. */
  create(parts: WorkloadParts<Result>): Workload;
  /** A fresh command that any node may propose at any time, to see whether writes are served. */
  probe(): Uint8Array;
}
