/**
 * `raftkv snapshot inspect` and `raftkv snapshot restore`: a backup looked at, and made into the
 * data directory of a member of a new cluster.
 *
 * @module
 */

import { KvStateMachine } from "@raftkv/core/kv";
import { parseClusterList, parseNodeId } from "@raftkv/server";
import type { BackupSummary } from "@raftkv/storage/backup";
import { plantDirectory } from "@raftkv/storage/plant";
import type { Invocation } from "../command.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { UsageError } from "../failures.ts";
import { readBackup, stateOf } from "./backup_file.ts";
import { describeBackup, jsonOfBackup } from "./describe_backup.ts";
import { newClusterId, newPoint } from "./new_cluster.ts";

/** Reads a backup as a node would, and says what is in it. */
export async function inspect({ output }: Invocation, path: string): Promise<ExitCode> {
  const { summary, machine } = await understand(path);
  const { size: keys, stateHash } = machine;
  await output.result({
    json: { ...jsonOfBackup(summary), keys, stateHash },
    text: [...describeBackup(path, summary), `${keys} keys, state hash ${stateHash}`].join("\n"),
  });
  return EXIT.ok;
}

/** Makes the data directory of one member. */
export async function restore(invocation: Invocation, path: string): Promise<ExitCode> {
  const { output } = invocation;
  const { id, members, directory, token } = settingsOf(invocation);
  const { summary, machine } = await understand(path);
  const { digest, header } = summary;
  const clusterId = await newClusterId({ digest, members, token });
  const identity = { clusterId, nodeId: id };
  const point = newPoint(header.point, members);
  const meta = await plantDirectory(directory, { identity, point, slices: stateOf(path) });
  const { index } = meta.last;
  const ids = members.map((member) => member.id).join(", ");
  await output.result({
    json: {
      data: directory,
      clusterId,
      nodeId: id,
      members,
      firstIndex: index + 1,
      revision: machine.revision,
      keys: machine.size,
      stateDigest: meta.digest,
    },
    text: `restored ${machine.size} keys at revision ${machine.revision} into ${directory}\n` +
      `as node ${id} of the new cluster ${clusterId} (${ids}); its log goes on at ${index + 1}`,
  });
  return EXIT.ok;
}

/** Digest and state: only a file that a node can load is a backup. */
async function understand(
  path: string,
): Promise<{ readonly summary: BackupSummary; readonly machine: KvStateMachine }> {
  const summary = await readBackup(path);
  const machine = new KvStateMachine();
  const restorer = machine.restorer();
  // Read twice: where the digest does not match, what the state machine says of it is noise.
  for await (const slice of stateOf(path)) restorer.push(slice);
  restorer.finish();
  return { summary, machine };
}

function settingsOf({ flags }: Invocation) {
  const directory = flags.get("data");
  const id = parseNodeId(flags.get("id") ?? "");
  const list = flags.get("cluster");
  const members = list === undefined ? null : parseClusterList(list);
  if (directory === undefined) throw new UsageError("Missing --data: Where to restore to", NAME);
  if (id === null) throw new UsageError("Missing --id: Which member this will be", NAME);
  if (members === null) {
    const expected = "Expected the members of the new cluster, as in n1=http://10.0.0.1:8001";
    throw new UsageError(`Cannot read --cluster: ${expected}`, NAME);
  }
  if (!members.some((member) => member.id === id)) {
    throw new UsageError(`Cannot use --cluster: The list lacks this node: "${id}"`, NAME);
  }
  return { directory, id, members, token: flags.get("token") ?? "" };
}

const NAME = "snapshot";
