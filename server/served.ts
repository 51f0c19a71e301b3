/**
 * What a node tells of how it served a request, beside the answer.
 *
 * @module
 */

import type { NodeId } from "@raftkv/core/raft";
import type { ReadMoments, WriteTrace } from "@raftkv/core/replica";

/**
 * What a read sees. `linearizable`: every write acknowledged before it began, as a quorum confirmed.
 * `lease`: the same, as long as the clocks of the members keep to what lease reads take for granted.
 * `stale`: whatever the asked node has applied.
 */
export type Consistency = "linearizable" | "lease" | "stale";

/** How a request was served. */
export interface Served {
  /** Of a read: what it rests on, which may be more than was asked for. */
  readonly consistency?: Consistency;
  /**
   * Of a stale read: all that was acknowledged this many milliseconds before is in it; not there if
   * the node has not heard from a leader since it started.
   */
  readonly stalenessMs?: number;
  /** Where the time went, if that was asked for. */
  readonly spans?: readonly Span[];
}

/** A part of the time that a request took. */
export interface Span {
  /** What it went into; a token of HTTP. */
  readonly name: string;
  /** Milliseconds. */
  readonly ms: number;
  /** Of which node, where there are several. */
  readonly node?: NodeId;
}

/** The parts of a write, by the node's monotonic clock in milliseconds. */
export function writeSpans(
  { arrivedAtMs, forwarded, times }: WriteTrace,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): Span[] {
  const { queueMs, fsyncMs, quorumMs, peers } = times;
  const onLeader: Span[] = [
    ...(fsyncMs === null ? [] : [{ name: "fsync", ms: fsyncMs }]),
    { name: "quorum", ms: quorumMs },
    ...peers.map(({ id, ackMs }) => ({ name: "peer", ms: ackMs, node: id })),
  ];
  const total = { name: "total", ms: endMs - startMs };
  if (forwarded !== null) {
    const { to: node, atMs } = forwarded;
    return [
      { name: "queue", ms: atMs - startMs + queueMs },
      ...onLeader,
      { name: "forward", ms: endMs - atMs, node },
      total,
    ];
  }
  const appliesFromMs = arrivedAtMs + queueMs + quorumMs;
  return [
    { name: "queue", ms: arrivedAtMs + queueMs - startMs },
    ...onLeader,
    { name: "apply", ms: endMs - appliesFromMs },
    total,
  ];
}

/** The parts of a read that asked a leader. */
export function readSpans(
  { askedAtMs, grantedAtMs }: ReadMoments,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): Span[] {
  return [
    { name: "queue", ms: askedAtMs - startMs },
    { name: "leader", ms: grantedAtMs - askedAtMs },
    { name: "apply", ms: endMs - grantedAtMs },
    { name: "total", ms: endMs - startMs },
  ];
}

/**
 * As a field of a message, with a comma before it; empty if there is nothing to tell, which is so of
 * writes and of linearizable reads that are not explained.
 */
export function servedField(served: Served | undefined): string {
  const { consistency, spans } = served ?? {};
  const isUsual = consistency === undefined || consistency === "linearizable";
  return isUsual && spans === undefined ? "" : `,"served":${JSON.stringify(served)}`;
}

/** The parts as the value of a `Server-Timing` header (W3C Server Timing, section 4). */
export function serverTiming(spans: readonly Span[]): string {
  return spans.map(({ name, ms, node }) => {
    // Ids are any text; what stands in quotes in a header is ASCII.
    const whose = node === undefined ? "" : `;desc="${encodeURIComponent(node)}"`;
    return `${name}${whose};dur=${Math.max(0, ms).toFixed(3)}`;
  }).join(", ");
}
