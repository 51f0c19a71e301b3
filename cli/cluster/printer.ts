/**
 * The events of a local cluster as lines: what matters, once, with the node in front.
 *
 * @module
 */

import type { LeaderAnswer } from "@raftkv/core/api";
import { describeSeconds } from "../duration.ts";
import type { Output } from "../output.ts";
import type { Style } from "../style.ts";
import { describeReport, type NodeReport } from "./node_report.ts";
import type { ClusterPlan, PlannedNode } from "./plan.ts";
import type { ClusterEvent } from "./supervisor.ts";

/** Writes events in their order. */
export class ClusterPrinter {
  readonly #output: Output;
  readonly #paintNode: (node: string) => string;
  /** The loss told last: every follower reports the same one. */
  #lossTold = "";
  #writing: Promise<void> = Promise.resolve();

  constructor(output: Output, nodes: readonly PlannedNode[]) {
    this.#output = output;
    this.#paintNode = nodePainter(output.style, nodes);
  }

  /** Tells of an event, if a person would miss it. */
  event(event: ClusterEvent): void {
    if (this.#output.isJson) return this.#write(JSON.stringify(jsonOf(event)));
    const text = this.#describe(event);
    if (text !== null) this.#write(`${this.#paintNode(event.node)} | ${text}`);
  }

  /** Tells, in either form, of the cluster as a whole. */
  tell({ json, text }: { readonly json: unknown; readonly text: string }): void {
    this.#write(this.#output.isJson ? JSON.stringify(json) : text);
  }

  /** Resolves once everything is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  #describe(event: ClusterEvent): string | null {
    switch (event.kind) {
      case "report":
        if (!this.#isNews(event.node, event.report)) return null;
        return event.report.event === "leader_elected"
          ? `leads in term ${event.report.term}`
          : describeReport(event.report);
      case "stray_line":
        return event.line;
      case "died":
        return `died: ${event.reason}; restarting in ${describeSeconds(event.restartMs)}`;
      case "left_down":
        return `died and stays down (docs/operations.md): ${event.reason}`;
      case "restarting":
        return "restarting";
      case "killed":
        return "did not stop in time and was killed";
    }
  }

  /** An election is told by the node that won it, a loss by the first that notices. */
  #isNews(node: string, report: NodeReport): boolean {
    switch (report.event) {
      case "leader_elected":
        return report.leader === node;
      case "leader_lost": {
        const loss = `${report.leader} ${report.term}`;
        const isNews = loss !== this.#lossTold;
        this.#lossTold = loss;
        return isNews;
      }
      case "peer_up":
      case "peer_down":
        return false;
      default:
        return true;
    }
  }

  #write(lines: string): void {
    this.#writing = this.#writing.then(() => this.#output.write(lines))
      // A cluster whose reader has gone still runs, until it is told to stop.
      .catch(() => {});
  }
}

/** What a newcomer reads once the cluster is up. */
export function describeCluster(
  { nodes, dataDir }: ClusterPlan,
  { leader, style }: { readonly leader: LeaderAnswer; readonly style: Style },
): string {
  const ports = nodes.map((node) => new URL(node.url).port);
  const portAt = (index: number) => ports[index % ports.length];
  return [
    "",
    style.bold(`The cluster is up: ${leader.id} leads in term ${leader.term}`),
    "",
    ...nodes.map(({ id, url }) => `  ${id}  ${url}${id === leader.id ? "  leader" : ""}`),
    "",
    "Try, against any node:",
    `  curl -X PUT http://localhost:${portAt(0)}/kv/name -d '{"value": "RaftKV"}'`,
    `  curl http://localhost:${portAt(1)}/kv/name`,
    `  curl http://localhost:${portAt(2)}/cluster/status`,
    "",
    `Data lie in ${dataDir}.`,
    "Ctrl-C stops the cluster; the same command starts it again.",
    "",
  ].join("\n");
}

function jsonOf(event: ClusterEvent): unknown {
  if (event.kind === "report") return { node: event.node, ...event.report };
  const { kind, ...rest } = event;
  return { event: kind, ...rest };
}

function nodePainter(style: Style, nodes: readonly PlannedNode[]): (node: string) => string {
  const paints = [style.cyan, style.yellow, style.green];
  const painted = new Map(nodes.map(({ id }, index) => {
    const paint = paints[index % paints.length] ?? style.bold;
    return [id, paint(id)];
  }));
  return (node) => painted.get(node) ?? node;
}
