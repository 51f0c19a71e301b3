/**
 * `raftkv recover`: the last resort.
 *
 * @module
 */

import type { Command, Invocation } from "../command.ts";
import type { ExitCode } from "../exit_code.ts";

/** Makes one member go on alone. */
export const recoverCommand: Command = {
  name: "recover",
  summary: "Go on with one member when the majority is lost for good",
  usage: "--force-new-cluster",
  arity: [0, 0],
  flags: () => [
    { name: "force-new-cluster", summary: "what to do; must be given" },
    { name: "data", value: "DIR", summary: "directory of the member, whose node must not run" },
    { name: "id", value: "ID", summary: "the member" },
    {
      name: "advertise",
      value: "URL",
      summary: "its URL, where others will reach it; from its snapshots if not given",
    },
    { name: "yes", summary: "do it without a question" },
  ],
  details: [
    "Choose the member whose log ends last: raftkv wal verify tells. Everything it holds is kept; what\n" +
    "others acknowledged and it never received is lost. It becomes the only voter of a cluster with a\n" +
    "new id, so that members of the old one can never be taken for its own.",
    "The log tells of it in an entry, and the old files stay beside the new ones under other names. A\n" +
    "damaged directory, or one that a node has open, is refused.",
  ],
  examples: [
    {
      line:
        "raftkv recover --force-new-cluster --data /var/lib/raftkv --id n2 --advertise http://10.0.0.2:8001",
      meaning: "Explain, ask, and go on with n2 alone",
    },
  ],
  run: recover,
};

async function recover(invocation: Invocation): Promise<ExitCode> {
  const { forceNewCluster } = await import("../recover/force_new_cluster.ts");
  return await forceNewCluster(invocation);
}
