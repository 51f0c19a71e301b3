/**
 * What a node that runs under supervision tells its supervisor: one JSON object a line.
 *
 * @module
 */

import type { NodeEvent } from "@raftkv/server";

/** One line of a supervised node. */
export type NodeReport =
  | {
    readonly event: "started";
    readonly url: string;
    readonly recovered: number;
    /** Its process: who wants to see an election kills it. */
    readonly pid: number;
  }
  | { readonly event: "reading"; readonly bytesRead: number; readonly bytesTotal: number }
  | { readonly event: "damaged"; readonly lostEntries: number; readonly isStateLost: boolean }
  | { readonly event: "repaired" }
  | { readonly event: "joining"; readonly url: string; readonly problem: string }
  | { readonly event: "joined"; readonly node: string; readonly cluster: string }
  | {
    readonly event: "catching_up";
    readonly appliedIndex: number;
    readonly commitIndex: number;
  }
  | { readonly event: "votes" }
  | { readonly event: "leader_elected"; readonly leader: string; readonly term: number }
  | { readonly event: "leader_lost"; readonly leader: string; readonly term: number }
  | { readonly event: "peer_up"; readonly peer: string }
  | { readonly event: "peer_down"; readonly peer: string; readonly reason: string }
  | { readonly event: "internal_error"; readonly message: string }
  | { readonly event: "failed"; readonly message: string }
  | { readonly event: "stopped" };

/** A node's event as a report. */
export function reportOf(event: NodeEvent): NodeReport {
  switch (event.kind) {
    case "started":
      return { event: "started", url: event.url, recovered: event.recovered, pid: Deno.pid };
    case "reading":
    case "damaged": {
      const { kind, ...fields } = event;
      return { event: kind, ...fields } as NodeReport;
    }
    case "joining":
      return { event: "joining", url: event.url, problem: event.problem };
    case "joined":
      return { event: "joined", node: event.nodeId, cluster: event.clusterId };
    case "catching_up": {
      const { appliedIndex, commitIndex } = event;
      return { event: "catching_up", appliedIndex, commitIndex };
    }
    case "votes":
      return { event: "votes" };
    case "leader_elected":
    case "leader_lost":
      return { event: event.kind, leader: event.leaderId, term: event.term };
    case "peer_up":
      return { event: "peer_up", peer: event.peer };
    case "peer_down":
      return { event: "peer_down", peer: event.peer, reason: event.reason };
    case "internal_error":
    case "failed":
      return { event: event.kind, message: messageOf(event.error) };
    case "repaired":
    case "stopped":
      return { event: event.kind };
  }
}

/** Reads a line; null if it is no report. */
export function parseReport(line: string): NodeReport | null {
  const fields = fieldsOf(line);
  const text = (name: string) => {
    const value = fields.get(name);
    return typeof value === "string" ? value : "";
  };
  const number = (name: string) => {
    const value = fields.get(name);
    return typeof value === "number" ? value : NaN;
  };
  const event = fields.get("event");
  switch (event) {
    case "started":
      return { event, url: text("url"), recovered: number("recovered"), pid: number("pid") };
    case "reading":
      return { event, bytesRead: number("bytesRead"), bytesTotal: number("bytesTotal") };
    case "damaged": {
      const isStateLost = fields.get("isStateLost") === true;
      return { event, lostEntries: number("lostEntries"), isStateLost };
    }
    case "joining":
      return { event, url: text("url"), problem: text("problem") };
    case "joined":
      return { event, node: text("node"), cluster: text("cluster") };
    case "catching_up":
      return {
        event,
        appliedIndex: number("appliedIndex"),
        commitIndex: number("commitIndex"),
      };
    case "votes":
      return { event };
    case "leader_elected":
    case "leader_lost":
      return { event, leader: text("leader"), term: number("term") };
    case "peer_up":
      return { event, peer: text("peer") };
    case "peer_down":
      return { event, peer: text("peer"), reason: text("reason") };
    case "internal_error":
    case "failed":
      return { event, message: text("message") };
    case "repaired":
    case "stopped":
      return { event };
    default:
      return null;
  }
}

/** A report as one line for people. */
export function describeReport(report: NodeReport): string {
  switch (report.event) {
    case "started":
      return `started on ${report.url} as process ${report.pid}, ` +
        `${report.recovered} log entries found`;
    case "reading":
      return describeReading(report);
    case "damaged":
      return report.isStateLost
        ? "has no sound snapshot for its log: votes, but waits for one from the leader"
        : `finds ${report.lostEntries} entries of its log damaged: votes, but does not lead until ` +
          "it has them from the others";
    case "repaired":
      return "has again what was damaged";
    case "joining":
      return `waits to join the cluster: ${report.url}: ${report.problem}`;
    case "joined":
      return `is taken in by cluster ${report.cluster} as ${report.node}, without a vote yet`;
    case "catching_up":
      return describeProgress(report);
    case "votes":
      return "has caught up and votes";
    case "leader_elected":
      return `${report.leader} leads in term ${report.term}`;
    case "leader_lost":
      return `lost its leader ${report.leader} in term ${report.term}`;
    case "peer_up":
      return `link to ${report.peer} is up`;
    case "peer_down":
      return `link to ${report.peer} is down: ${report.reason}`;
    case "internal_error":
      return `goes on after an error: ${report.message}`;
    case "failed":
      return `failed: ${report.message}`;
    case "stopped":
      return "stopped";
  }
}

function describeReading(
  { bytesRead, bytesTotal }: { readonly bytesRead: number; readonly bytesTotal: number },
): string {
  const percent = Math.floor(100 * bytesRead / Math.max(1, bytesTotal));
  return `reads its data: ${percent} % of ${Math.ceil(bytesTotal / 1e6)} MB`;
}

function describeProgress(
  { appliedIndex, commitIndex }: Extract<NodeReport, { event: "catching_up" }>,
): string {
  const percent = commitIndex === 0 ? 0 : Math.floor(100 * appliedIndex / commitIndex);
  const [have, all] = [appliedIndex, commitIndex].map((index) => index.toLocaleString("en-US"));
  return `catches up: ${percent}% (entry ${have} of ${all})`;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fieldsOf(line: string): ReadonlyMap<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === "object" && parsed !== null) return new Map(Object.entries(parsed));
  } catch {
    // A stray line, say of a debugger: no report.
  }
  return new Map();
}
