/**
 * The lines of the help that begin nodes, clusters and members, pasted into a shell. Ports and
 * directories are this test's; where a line names a member, it is one that is there.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { COMMANDS } from "../../cli/commands.ts";
import { Cluster } from "./cluster.ts";
import { Ports } from "./ports.ts";
import { Program } from "./program.ts";
import { MAIN } from "./served_node.ts";
import { until } from "./until.ts";

const LINES: readonly string[] = COMMANDS.flatMap(({ examples }) =>
  examples.map(({ line }) => line)
);

/** A reader's shell, in a directory of its own. */
class Shell implements AsyncDisposable {
  readonly directory: string = Deno.makeTempDirSync({ prefix: "raftkv_" });
  readonly ports = new Ports();
  readonly #programs: Program[] = [];

  /** Where a node of this shell may listen. */
  host(place: number): string {
    return `127.0.0.1:${this.ports.numbers[place]}`;
  }

  /** Starts the one line of the help that begins so, with what stands in the place of some of it. */
  paste(begins: string, places: Readonly<Record<string, string>>): Program {
    const line = LINES.find((each) => each.startsWith(begins)) ?? `no line begins with ${begins}`;
    const pasted = Object.entries(places).reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      line.replace(/^raftkv/, `${Deno.execPath()} run --quiet --no-check --allow-all ${MAIN}`),
    );
    const program = new Program("bash", ["-c", `exec ${pasted}`], { cwd: this.directory });
    this.#programs.push(program);
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program.kill();
    this.ports[Symbol.dispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

async function said(program: Program, pattern: RegExp): Promise<void> {
  await until(`${pattern} to be said`, () => {
    if (program.hasEnded) throw new Error(program.stderr);
    return pattern.test(program.stdout);
  });
}

/** Presses Ctrl-C, which is no failure. */
async function interrupted(program: Program): Promise<void> {
  program.signal("SIGINT");
  assertEquals([(await program.ended).code, program.stderr], [0, ""]);
}

async function done(program: Program, prints: RegExp): Promise<void> {
  assertEquals([(await program.ended).code, program.stderr], [0, ""]);
  assertMatch(program.stdout, prints);
}

Deno.test("clusters and nodes begin by the lines of the help, and a member goes on alone", async () => {
  await using shell = new Shell();
  const listOf = (first: number, count: number) =>
    shell.ports.numbers.slice(first, first + count).join(",");
  const three = shell.paste("raftkv cluster", {
    " cluster": ` cluster --ports ${listOf(0, 3)} --data ${shell.directory}/three`,
  });
  const five = shell.paste("raftkv cluster --ports", {
    "9001,9002,9003,9004,9005": listOf(3, 5),
    "/tmp/five": `${shell.directory}/five`,
  });
  for (const cluster of [three, five]) {
    await said(cluster, /Ctrl-C stops the cluster/);
    await interrupted(cluster);
  }
  await done(
    shell.paste("raftkv recover", {
      "/var/lib/raftkv": "three/n2",
      // In the place of a person who is asked.
      "--id n2": "--id n2 --yes",
    }),
    /n2/,
  );
  const alone = shell.paste("raftkv serve --listen", { "127.0.0.1:8001": shell.host(0) });
  await said(alone, /leads in term 1/);
  await interrupted(alone);
  const one = shell.paste("raftkv serve --id n1", {
    "10.0.0.1:8001": shell.host(0),
    "10.0.0.2:8001": shell.host(1),
    "10.0.0.3:8001": shell.host(2),
    "/var/lib/raftkv": "one",
  });
  await said(one, /link to n3 is down/);
  await interrupted(one);
});

Deno.test("members come and go by the lines of the help", async () => {
  await using cluster = await Cluster.start();
  await using shell = new Shell();
  const [first = ""] = cluster.urls;
  const [node] = cluster.nodes;
  const nodes = { " member": ` member --endpoints ${first}`, "10.0.0.1:8001": new URL(first).host };
  const added = shell.paste("raftkv member add", { ...nodes, "10.0.0.4:8001": shell.host(0) });
  const joined = shell.paste("raftkv serve --join http://10.0.0.1:8001 --listen", {
    ...nodes,
    "10.0.0.4:8001": shell.host(0),
    "/var/lib/raftkv": "joined",
  });
  await done(added, /votes/);
  const idAt = async (host: string) => {
    const { members } = await node!.client.members();
    return members.find(({ url, role }) => url === `http://${host}` && role === "voter")?.id;
  };
  const replacing = shell.paste("raftkv serve --join http://10.0.0.1:8001 --replaces", {
    ...nodes,
    "--replaces n2": `--replaces ${await idAt(shell.host(0))}`,
    "10.0.0.2:8001": shell.host(1),
  });
  const id = await until("the other to vote in its place", () => idAt(shell.host(1)));
  assertEquals((await joined.ended).code, 8);
  await done(shell.paste("raftkv member remove", { ...nodes, n3: id }), /^removed /);
  assertEquals((await replacing.ended).code, 8);
  await done(
    shell.paste("raftkv member replace", { ...nodes, "10.0.0.5:8001": shell.host(2) }),
    /./,
  );
  await done(shell.paste("raftkv member list", nodes), /learner, votes once caught up/);
});

Deno.test("a backup is restored by the line of the help", async () => {
  await using cluster = await Cluster.start();
  await using shell = new Shell();
  const [first = ""] = cluster.urls;
  const nodes = { "snapshot save": `snapshot save --node ${first}` };
  await done(shell.paste("raftkv snapshot save", nodes), /^saved revision/);
  await done(shell.paste("raftkv snapshot inspect", {}), /: sound, /);
  await done(shell.paste("raftkv snapshot restore", { "/var/lib/raftkv": "restored" }), /./);
});
