/**
 * `raftkv recover --force-new-cluster`: one member goes on alone when the majority is lost for good.
 *
 * @module
 */

import type { Member, NodeId } from "@raftkv/core/raft";
import { parseNodeId, parseNodeUrl } from "@raftkv/server";
import { type DirectoryReport, inspectDirectory } from "@raftkv/storage/inspect";
import { rescueDirectory } from "@raftkv/storage/rescue";
import { isAgreed } from "../ask.ts";
import type { Invocation } from "../command.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { CommandFailure, UsageError } from "../failures.ts";
import { describeOutlook, describeOwner } from "../wal/dump_lines.ts";
import { rebuildFrom, type Rebuilt } from "./rebuild.ts";

/** Explains, asks, and does it. */
export async function forceNewCluster(invocation: Invocation): Promise<ExitCode> {
  const { flags } = invocation;
  const settings = settingsOf(invocation);
  const { directory, id } = settings;
  const report = await inspectDirectory(directory);
  if (report.outlook.kind === "refused") throw report.outlook.error;
  const explanation = explain(report);
  if (!flags.has("yes") && !await isAgreed(invocation, { explanation, word: id })) {
    throw new CommandFailure("Nothing was changed", { code: "not_agreed", exitCode: EXIT.failed });
  }
  const clusterId = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const nowMs = Date.now();
  let rebuilt: Rebuilt | null = null;
  const rescue = await rescueDirectory(directory, {
    nodeId: id,
    rebuild: async (store) => {
      const { snapshot } = store.recovered;
      const member = memberFrom(settings, snapshot?.configuration.members ?? []);
      rebuilt = await rebuildFrom(store, { clusterId, member, nowMs });
      return rebuilt.planting;
    },
  });
  await tell(invocation, { rebuilt: rebuilt!, before: rescue.before.clusterId, kept: rescue.kept });
  return EXIT.ok;
}

/** What is at stake, before anything is done. */
function explain(report: DirectoryReport): string {
  return [
    describeOwner(report),
    ...describeOutlook(report.outlook),
    "",
    "This member will go on alone, as the only voter of a new cluster.",
    "Lost is every write that the others acknowledged and this member never received: those after",
    "the end of its log. Writes that it received and nobody acknowledged count from now on.",
    "The other members of the old cluster must never be started again on their data: remove them,",
    "and add new ones. If any two of three could still be started, do that instead.",
    "The old files stay in the directory under other names.",
  ].join("\n");
}

interface Settings {
  readonly directory: string;
  readonly id: NodeId;
  readonly url: string | null;
}

function settingsOf({ flags }: Invocation): Settings {
  const directory = flags.get("data");
  const id = parseNodeId(flags.get("id") ?? "");
  const advertise = flags.get("advertise");
  const url = advertise === undefined ? null : parseNodeUrl(advertise);
  if (!flags.has("force-new-cluster")) {
    throw new UsageError("Missing --force-new-cluster: It is the one thing to recover by", NAME);
  }
  if (directory === undefined) throw new UsageError("Missing --data: Which directory it is", NAME);
  if (id === null) throw new UsageError("Missing --id: Whose directory it is", NAME);
  if (advertise !== undefined && url === null) {
    throw new UsageError(`Cannot read --advertise: Expected a URL: "${advertise}"`, NAME);
  }
  return { directory, id, url };
}

/** The member's address is in its snapshots; a young log may have none yet. */
function memberFrom({ id, url }: Settings, known: readonly Member[]): Member {
  const address = url ?? known.find((member) => member.id === id)?.url;
  if (address !== undefined) return { id, url: address };
  throw new UsageError("Missing --advertise: The directory does not hold this node's URL", NAME);
}

async function tell(
  { output }: Invocation,
  { rebuilt, before, kept }: {
    readonly rebuilt: Rebuilt;
    readonly before: string;
    readonly kept: readonly string[];
  },
): Promise<void> {
  const { machine, planting: { identity, entries } } = rebuilt;
  const trace = entries.at(-1)!;
  await output.result({
    json: {
      clusterIdBefore: before,
      ...identity,
      revision: machine.revision,
      keys: machine.size,
      trace: { index: trace.index, term: trace.term, timeMs: trace.timeMs },
      kept,
    },
    text: [
      `node ${identity.nodeId} is the only voter of the new cluster ${identity.clusterId}`,
      `${machine.size} keys at revision ${machine.revision}; the log says so in entry ` +
      `${trace.index} of term ${trace.term}`,
      "old files, to be removed when nobody wants to look into them any more:",
      ...kept.map((name) => `  ${name}`),
    ].join("\n"),
  });
}

const NAME = "recover";
