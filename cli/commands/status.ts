/**
 * `raftkv status`: shows every node as one of them sees it.
 *
 * @module
 */

import type { ClusterStatusAnswer, NodeStatusJson } from "@raftkv/core/api";
import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import type { Style } from "../style.ts";
import { type Column, tableLines } from "../table.ts";

/** Shows role, term and log positions of every node. */
export const statusCommand: Command = {
  name: "status",
  summary: "Show every node's role, term and log",
  usage: "",
  arity: [0, 0],
  flags: () => [],
  details: [
    "Shows what the first node that answers knows; name one with --node to have its own view. With\n" +
    "--json there is more.",
  ],
  examples: [
    { line: "raftkv status", meaning: "Show the cluster" },
    { line: "raftkv status --node http://localhost:8001", meaning: "Show it as one node sees it" },
  ],
  run: status,
};

async function status(invocation: Invocation): Promise<ExitCode> {
  await using client = connectFor(invocation);
  const answer = await client.status();
  const { output } = invocation;
  await output.result({ json: answer, text: describeStatus(answer, output.style) });
  return EXIT.ok;
}

const COLUMNS: readonly Column[] = [
  { title: "NODE", align: "left" },
  { title: "URL", align: "left" },
  { title: "ROLE", align: "left" },
  { title: "TERM", align: "right" },
  { title: "LOG", align: "right" },
  { title: "COMMIT", align: "right" },
  { title: "APPLIED", align: "right" },
  { title: "REVISION", align: "right" },
];

/** The status as a heading and a table. */
export function describeStatus(answer: ClusterStatusAnswer, style: Style): string {
  const { clusterId, nodeId, leaderId, term, nodes } = answer;
  const leader = leaderId === null ? style.red("no leader") : `leader ${style.bold(leaderId)}`;
  const [titles = "", ...rows] = tableLines(COLUMNS, nodes.map(cells));
  return [
    `cluster ${clusterId}, term ${term}, ${leader} (as ${nodeId} sees it)`,
    style.dim(titles),
    ...rows.map((row, index) => paint(row, { node: nodes[index], style })),
  ].join("\n");
}

function cells(node: NodeStatusJson): readonly string[] {
  if (!node.reachable) return [node.id, node.url, "unreachable"];
  const { lastIndex, commitIndex, appliedIndex, revision } = node;
  const numbers = [node.term, lastIndex, commitIndex, appliedIndex, revision];
  return [
    node.id,
    node.url,
    node.role ?? "",
    ...numbers.map((number) => number?.toString() ?? "-"),
  ];
}

/** Whole rows are painted, after they are set: colours have no width. */
function paint(
  row: string,
  { node, style }: { readonly node: NodeStatusJson | undefined; readonly style: Style },
): string {
  if (node?.reachable === false) return style.red(row);
  return node?.role === "leader" ? style.green(row) : row;
}
