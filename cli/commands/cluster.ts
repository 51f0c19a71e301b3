/**
 * `raftkv cluster`: runs a cluster on this machine, each node a process of its own.
 *
 * @module
 */

import type { LeaderAnswer } from "@raftkv/core/api";
import { KvError } from "@raftkv/client";
import { ClusterPrinter, describeCluster } from "../cluster/printer.ts";
import { type ClusterPlan, planCluster } from "../cluster/plan.ts";
import { ClusterFailed, Supervisor } from "../cluster/supervisor.ts";
import type { Command, Invocation } from "../command.ts";
import { CommandFailure } from "../failures.ts";
import { connectFor } from "../connection.ts";
import { describeSeconds } from "../duration.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";

/** Starts nodes, waits for a leader, and keeps them running until it is told to stop. */
export const clusterCommand: Command = {
  name: "cluster",
  summary: "Run a cluster of three nodes on this machine",
  usage: "",
  arity: [0, 0],
  flags: () => [
    { name: "nodes", value: "N", summary: "how many nodes; 3 if not given" },
    { name: "ports", value: "LIST", summary: "where they listen; 8001,8002,8003 if not given" },
    { name: "data", value: "DIR", summary: "where their data lie; ./data if not given" },
  ],
  details: [
    "Each node is a process of its own, with its data in a directory of its own below DIR. A node\n" +
    "that dies is started again. Ctrl-C stops all of them; the next start carries on.",
  ],
  examples: [
    { line: "raftkv cluster", meaning: "Run three nodes on ports 8001, 8002 and 8003" },
    {
      line: "raftkv cluster --ports 9001,9002,9003,9004,9005 --data /tmp/five",
      meaning: "Run five",
    },
  ],
  run: cluster,
};

/** Several elections' worth, and time for nodes with much to read. */
const LEADER_MS_MAX = 60_000;

async function cluster(invocation: Invocation): Promise<ExitCode> {
  const { flags, output, surroundings } = invocation;
  const plan = planCluster({
    nodes: flags.get("nodes"),
    ports: flags.get("ports"),
    data: flags.get("data"),
  });
  const { nodes } = plan;
  const printer = new ClusterPrinter(output, nodes);
  const supervisor = new Supervisor({
    nodes,
    spawn: surroundings.spawnNode,
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
    onEvent: (event) => printer.event(event),
  });
  const stop = Promise.withResolvers<"stop">();
  const unlisten = surroundings.onStop(() => stop.resolve("stop"));
  try {
    printer.tell({
      json: { event: "starting", nodes: nodes.map(({ id, url }) => ({ id, url })) },
      text: `Starting ${nodes.length} nodes and waiting for them to elect a leader`,
    });
    supervisor.start();
    const ended = Promise.race([stop.promise, supervisor.failed]);
    // Not before every node is our own: at a port that is taken, another cluster would answer.
    if (await Promise.race([ended, supervisor.served]) !== "stop") {
      await announce(invocation, { plan, printer, ended });
      await ended;
    }
  } catch (error) {
    throw error instanceof ClusterFailed ? failure("cluster_failed", error.message) : error;
  } finally {
    const isClean = await supervisor.stop();
    await printer.flush();
    unlisten();
    if (!isClean) await Promise.reject(failure("killed", "A node had to be killed"));
  }
  return EXIT.ok;
}

/** Waits for a leader and says where everything is; ends early if the cluster does. */
async function announce(
  invocation: Invocation,
  { plan, printer, ended }: {
    readonly plan: ClusterPlan;
    readonly printer: ClusterPrinter;
    readonly ended: Promise<"stop">;
  },
): Promise<void> {
  await using client = connectFor(invocation, { endpoints: plan.nodes.map((node) => node.url) });
  const first = await Promise.race([ended, client.leader({ timeoutMs: LEADER_MS_MAX })])
    .catch(explain);
  if (first === "stop") return;
  printer.tell({
    json: { event: "ready", leader: first },
    text: describeCluster(plan, { leader: first, style: invocation.output.style }),
  });
}

function explain(error: unknown): LeaderAnswer {
  if (!(error instanceof KvError)) throw error;
  const message = `No leader was elected within ${describeSeconds(LEADER_MS_MAX)}`;
  throw failure("no_leader", message);
}

function failure(code: string, message: string): CommandFailure {
  return new CommandFailure(message, { code, exitCode: EXIT.failed });
}
