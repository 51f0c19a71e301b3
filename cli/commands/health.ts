/**
 * `raftkv health`: asks each node whether it can serve.
 *
 * @module
 */

import type { HealthAnswer } from "@raftkv/core/api";
import { KvError } from "@raftkv/client";
import type { Command, Invocation } from "../command.ts";
import { connectFor, endpointsOf } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import type { Style } from "../style.ts";

/** Asks every endpoint by itself; fails unless all can serve. */
export const healthCommand: Command = {
  name: "health",
  summary: "Ask each node whether it can serve",
  usage: "",
  arity: [0, 0],
  flags: () => [],
  details: ["The exit code is 1 unless every node that was asked can serve."],
  examples: [
    {
      line: "raftkv health --node http://localhost:8001 --timeout 1s",
      meaning: "Ask one node, for a probe",
    },
  ],
  run: health,
};

/** A node's own answer, or why there is none. */
type Finding = { readonly endpoint: string } & (HealthAnswer | { readonly error: string });

async function health(invocation: Invocation): Promise<ExitCode> {
  const { output } = invocation;
  const findings = await Promise.all(
    endpointsOf(invocation).map((endpoint) => ask(invocation, endpoint)),
  );
  const text = findings.map((finding) => describeFinding(finding, output.style)).join("\n");
  await output.result({ json: findings, text });
  return findings.every(canServe) ? EXIT.ok : EXIT.failed;
}

async function ask(invocation: Invocation, endpoint: string): Promise<Finding> {
  await using client = connectFor(invocation, { endpoints: [endpoint] });
  try {
    return { endpoint, ...await client.health() };
  } catch (error) {
    if (error instanceof KvError) return { endpoint, error: error.message };
    throw error;
  }
}

function canServe(finding: Finding): boolean {
  return "status" in finding && finding.status === "ok";
}

function describeFinding(finding: Finding, style: Style): string {
  if ("error" in finding) return `${finding.endpoint}  ${style.red("no answer")}: ${finding.error}`;
  const { endpoint, nodeId, role, leaderId } = finding;
  const leader = role === "leader" || leaderId === null ? "" : ` of ${leaderId}`;
  const state = finding.status === "ok"
    ? style.green("ok")
    : `${style.red("unavailable")} (${finding.reason ?? "no reason given"})`;
  return `${endpoint}  ${state}  ${nodeId}, ${role}${leader}`;
}
