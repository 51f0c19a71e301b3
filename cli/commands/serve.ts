/**
 * `raftkv serve`: runs one node.
 *
 * @module
 */

import { describeReport, messageOf, type NodeReport, reportOf } from "../cluster/node_report.ts";
import type { Command, Flag, Invocation } from "../command.ts";
import { CommandFailure, UsageError } from "../failures.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";

/** Runs a node until it is told to stop. */
export const serveCommand: Command = {
  name: "serve",
  summary: "Run one node, alone or as a member of a cluster",
  usage: "",
  arity: [0, 0],
  flags: serveFlags,
  details: [
    "Without --cluster and --join the node is a store of its own, or what its directory says that it\n" +
    "is: a member that was started once comes back with the same command, whose --cluster or --join\n" +
    "then is of no account.",
    "With --join and an empty directory it is a new node of a running cluster: any member that is\n" +
    "named adds it, it gets an id that no node ever had, catches up, and then votes. With --replaces\n" +
    "a member leaves in that moment. A directory that was emptied is a new node as well: it must\n" +
    "replace the one it was.",
    "Each setting may come from its flag, from\n" +
    "RAFTKV_ and its name (RAFTKV_HEARTBEAT_MS), or from the file (heartbeatMs), in that order. The\n" +
    "cluster's secret, needed where other machines can connect, comes from RAFTKV_SECRET or the\n" +
    "file alone: arguments of a process are there for all to read.",
  ],
  examples: [
    {
      line: "raftkv serve --listen 127.0.0.1:8001 --data ./store",
      meaning: "Run a store of one node",
    },
    {
      line: "raftkv serve --id n1 --listen 10.0.0.1:8001 --data /var/lib/raftkv " +
        "--cluster n1=http://10.0.0.1:8001,n2=http://10.0.0.2:8001,n3=http://10.0.0.3:8001",
      meaning: "Run a member of a cluster of three hosts",
    },
    {
      line:
        "raftkv serve --join http://10.0.0.1:8001 --listen 10.0.0.4:8001 --data /var/lib/raftkv",
      meaning: "Add this host to that cluster",
    },
    {
      line: "raftkv serve --join http://10.0.0.1:8001 --replaces n2 --listen 10.0.0.2:8001",
      meaning: "Take the place of n2, whose disk is lost",
    },
  ],
  run: serve,
};

/** The server is loaded by need: `raftkv get` starts faster without it. */
const loadServer = () => import("@raftkv/server");

async function serveFlags(): Promise<readonly Flag[]> {
  const { NODE_SETTINGS } = await loadServer();
  const settings = NODE_SETTINGS.filter((setting) => setting.isSecret !== true);
  return [
    { name: "config", value: "FILE", summary: "JSON file with settings" },
    ...settings.map(({ name, meaning }) => ({ name, value: "VALUE", summary: meaning })),
    {
      name: "supervised",
      summary: "stop when standard input ends; leave Ctrl-C to the supervisor",
    },
  ];
}

async function serve(invocation: Invocation): Promise<ExitCode> {
  const isSupervised = invocation.flags.has("supervised");
  const told = new Teller(invocation);
  try {
    await runNode(invocation, { isSupervised, tell: (report) => told.tell(report) });
    return EXIT.ok;
  } catch (error) {
    const failure = await failureOf(error);
    if (!isSupervised) throw failure;
    told.tell({ event: "failed", message: failure.message });
    return failure instanceof UsageError ? EXIT.usage : failure.exitCode;
  } finally {
    await told.flush();
  }
}

async function runNode(
  invocation: Invocation,
  { isSupervised, tell }: {
    readonly isSupervised: boolean;
    readonly tell: (report: NodeReport) => void;
  },
): Promise<void> {
  const stop = Promise.withResolvers<"stop">();
  const unlisten = invocation.surroundings.onStop((reason) => {
    // Ctrl-C reaches every process of the terminal: the supervisor decides, and asks in its turn.
    if (!isSupervised || reason !== "interrupt") stop.resolve("stop");
  });
  if (isSupervised) inputEnd(invocation).then(() => stop.resolve("stop"));
  try {
    const { loadNodeConfig, startNode } = await loadServer();
    const config = loadNodeConfig(await sourcesOf(invocation));
    const giveUp = new AbortController();
    const starting = startNode(config, {
      signal: giveUp.signal,
      // Its failure is told once, by the command as a whole.
      onEvent: (event) => event.kind === "failed" || tell(reportOf(event)),
    });
    const node = await Promise.race([starting, stop.promise]);
    // Stopped while it was still reading its log: nothing was promised yet, so it may just end.
    if (node === "stop") {
      giveUp.abort();
      starting.then((late) => late.close(), () => {});
      return;
    }
    if (await Promise.race([stop.promise, node.finished]) === "stop") await node.close();
  } finally {
    unlisten();
  }
}

async function sourcesOf({ flags, surroundings }: Invocation) {
  const { NODE_SETTINGS, variableOf } = await loadServer();
  const path = flags.get("config");
  const names = NODE_SETTINGS.map((setting) => setting.name);
  return {
    flags: Object.fromEntries(names.map((name) => [name, flags.get(name)])),
    env: Object.fromEntries(
      names.map(variableOf).map((variable) => [variable, surroundings.env(variable)]),
    ),
    file: path === undefined ? null : { path, text: await readFile(surroundings, path) },
  };
}

async function readFile(surroundings: Invocation["surroundings"], path: string): Promise<string> {
  try {
    const { stream } = await surroundings.openFile(path);
    return await new Response(stream).text();
  } catch (error) {
    throw new UsageError(`Cannot read --config "${path}": ${messageOf(error)}`, "serve");
  }
}

async function inputEnd({ surroundings }: Invocation): Promise<void> {
  try {
    for await (const _ of surroundings.stdin);
  } catch {
    // A broken pipe says the same as its end.
  }
}

/** A configuration that makes no sense is a matter of usage, the rest a failure of the node. */
async function failureOf(error: unknown): Promise<UsageError | CommandFailure> {
  const { ConfigError, CorruptLogError, LostLogError, NotAMemberError, StateDivergedError } =
    await loadServer();
  if (error instanceof UsageError) return error;
  if (error instanceof ConfigError) return new UsageError(error.message, "serve");
  const message = messageOf(error);
  if (error instanceof LostLogError) {
    return new CommandFailure(message, { code: "lost", exitCode: EXIT.lost });
  }
  if (error instanceof CorruptLogError) {
    return new CommandFailure(message, { code: "damaged", exitCode: EXIT.damaged });
  }
  if (error instanceof StateDivergedError) {
    return new CommandFailure(message, { code: "diverged", exitCode: EXIT.diverged });
  }
  if (error instanceof NotAMemberError) {
    return new CommandFailure(message, { code: "not_a_member", exitCode: EXIT.notAMember });
  }
  return new CommandFailure(message, { code: "node_failed", exitCode: EXIT.failed });
}

/** Writes a node's events, one line each, in their order. */
class Teller {
  readonly #invocation: Invocation;
  #writing: Promise<void> = Promise.resolve();

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
  }

  tell(report: NodeReport): void {
    const { output } = this.#invocation;
    this.#writing = this.#writing
      .then(() => output.result({ json: report, text: describeReport(report) }))
      // A node whose reader has gone still serves.
      .catch(() => {});
  }

  async flush(): Promise<void> {
    await this.#writing;
  }
}
