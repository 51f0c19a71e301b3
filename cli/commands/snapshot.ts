/**
 * `raftkv snapshot`: backups of the whole store.
 *
 * @module
 */

import type { Command } from "../command.ts";
import { runVerb, type Verb } from "../verbs.ts";

/** Saves, inspects and restores backups. */
export const snapshotCommand: Command = {
  name: "snapshot",
  summary: "Back the whole store up, look at a backup, begin a new cluster with it",
  usage: "save|inspect|restore FILE",
  arity: [2, 2],
  flags: () => [
    {
      name: "data",
      value: "DIR",
      verbs: ["restore"],
      summary: "directory to make; nothing may be in it",
    },
    {
      name: "id",
      value: "ID",
      verbs: ["restore"],
      summary: "which member of the new cluster it is for",
    },
    {
      name: "cluster",
      value: "LIST",
      verbs: ["restore"],
      summary: "members, as in n1=http://10.0.0.1:8001",
    },
    {
      name: "token",
      value: "TEXT",
      verbs: ["restore"],
      summary: "anything, the same on all members",
    },
  ],
  details: [
    "save asks any node for the state as of now, sessions included, while writes go on. The file is\n" +
    "for its owner alone, and gets its name when it is whole. A file that was cut off or changed is\n" +
    "refused with exit code 5, whoever reads it.",
    "restore makes the data directory of one member of a new cluster. Run it once for each member,\n" +
    "with the same file, list and token, each with its own --id and --data; then start them. The new\n" +
    "cluster has an id of its own, so that members of the old one and members that were restored from\n" +
    "another file keep apart. Give another --token when the same file is restored once more.",
  ],
  examples: [
    { line: "raftkv snapshot save monday.backup", meaning: "Back up a cluster on this machine" },
    { line: "raftkv snapshot inspect monday.backup", meaning: "Say whether it is sound" },
    {
      line: "raftkv snapshot restore monday.backup --data /var/lib/raftkv --id n1 " +
        "--cluster n1=http://10.0.0.1:8001,n2=http://10.0.0.2:8001,n3=http://10.0.0.3:8001",
      meaning: "Make the directory of n1; do the same for n2 and n3 on their hosts",
    },
  ],
  run: (invocation) =>
    runVerb(invocation, { command: "snapshot", verbs: { save, inspect, restore } }),
};

// What they need is far away, and `raftkv get` starts faster without it.
const save: Verb = async (invocation, path) =>
  await (await import("../snapshot/save.ts")).save(invocation, path);
const inspect: Verb = async (invocation, path) =>
  await (await import("../snapshot/restore.ts")).inspect(invocation, path);
const restore: Verb = async (invocation, path) =>
  await (await import("../snapshot/restore.ts")).restore(invocation, path);
