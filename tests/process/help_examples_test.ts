/**
 * The lines that the help offers, pasted into a shell: each does what it says. What a line cannot have
 * here is put in its place: other hosts, revisions and leases of another store.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { COMMANDS } from "../../cli/commands.ts";
import { Cluster } from "./cluster.ts";
import { Program } from "./program.ts";
import { MAIN } from "./served_node.ts";
import { until } from "./until.ts";

/** Lines that begin nodes, or change who belongs: help_nodes_test.ts pastes each of them. */
const OF_NODES =
  /^raftkv (?:cluster|serve|member (?:add|replace|remove)|recover|snapshot restore)\b/;

/** Lines that go on until Ctrl-C. */
const ENDLESS = /^raftkv (?:watch|lease keep-alive)\b/;
/** Lines whose exit code says that nothing was found, which is true here. */
const FINDS_NOTHING = /^raftkv elect cron$/;

const BIN = `#!/bin/sh
exec "${Deno.execPath()}" run --quiet --no-prompt --allow-all "${MAIN}" "$@"
`;

/** Everything that stands in the way of the next line is made anew before it. */
async function prepare(directory: string, cluster: Cluster): Promise<Record<string, string>> {
  const [first = ""] = cluster.urls;
  const files: Readonly<Record<string, string>> = {
    "cert.pem": "certificate\n",
    "claim.json": '{"success": [{"put": {"key": "owner", "value": "me"}}]}',
    "backup.sh": "#!/bin/sh\nexit 0\n",
    "cron.sh": "#!/bin/sh\nexit 0\n",
    "backup.ndjson": '{"key": "imported", "value": 1}\n'.repeat(613),
  };
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeTextFile(`${directory}/${name}`, content, { mode: 0o755 });
  }
  const put = (path: string, body: unknown) =>
    fetch(first + path, { method: "PUT", body: JSON.stringify(body) }).then((each) => each.json());
  const { revision } = await put("/v1/kv/db.host", { value: "postgres.internal" });
  await put("/v1/kv/tls.cert", { value: "certificate" });
  await put("/v1/kv/stock%2F7", { value: 5 });
  await put("/v1/kv/config", { value: 1 });
  const { revision: last } = await put("/v1/kv/jobs%2F1", { value: 1 });
  const body = JSON.stringify({ ttl: 600, lease: "12" });
  await (await fetch(`${first}/v1/leases`, { method: "POST", body })).body?.cancel();
  return {
    "http://localhost:8001": first,
    "http://db2:8001": first,
    "--at 1200": `--at ${last}`,
    "compact 1200": `compact ${revision}`,
    "diff 100 120": `diff ${revision} ${last}`,
    "--from 120": `--from ${revision}`,
    "data/n1": cluster.nodes[0]!.dataDir,
    "~/.config": `${directory}/.config`,
  };
}

/** Writes what it may be waiting for until it says something, then presses Ctrl-C. */
async function interruptOnceHeard(program: Program, cluster: Cluster): Promise<void> {
  await until("the program to say something", async () => {
    if (program.stdout !== "" || program.hasEnded) return true;
    for (const key of ["jobs%2F1", "config"]) {
      const body = JSON.stringify({ value: 2 });
      const response = await fetch(`${cluster.urls[0]}/v1/kv/${key}`, { method: "PUT", body });
      await response.body?.cancel();
    }
    return null;
  });
  program.signal("SIGINT");
}

Deno.test("every line of the help does what it says when it is pasted", async () => {
  await using cluster = await Cluster.start();
  const directory = await Deno.makeTempDir();
  await Deno.mkdir(`${directory}/bin`);
  await Deno.mkdir(`${directory}/.config/fish/completions`, { recursive: true });
  await Deno.writeTextFile(`${directory}/bin/raftkv`, BIN, { mode: 0o755 });
  const failed: string[] = [];
  for (const { line } of COMMANDS.flatMap(({ examples }) => examples)) {
    if (OF_NODES.test(line)) continue;
    const places = await prepare(directory, cluster);
    const pasted = Object.entries(places).reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      line,
    );
    const isEndless = ENDLESS.test(line);
    await using program = new Program(
      "bash",
      ["-o", "pipefail", "-c", isEndless ? `exec ${pasted}` : pasted],
      {
        cwd: directory,
        env: {
          PATH: `${directory}/bin:${Deno.env.get("PATH")}`,
          RAFTKV_ENDPOINTS: cluster.urls.join(","),
        },
      },
    );
    if (isEndless) await interruptOnceHeard(program, cluster);
    const { code } = await program.ended;
    const expected = FINDS_NOTHING.test(line) ? 4 : 0;
    if (code !== expected) failed.push(`${pasted}: ${code} ${program.stderr}`);
  }
  await Deno.remove(directory, { recursive: true });
  assertEquals(failed, []);
});

Deno.test("each line that is left out here is pasted there", async () => {
  const text = await Deno.readTextFile(new URL("./help_nodes_test.ts", import.meta.url));
  const pasted = [...text.matchAll(/paste\("([^"]+)"/g)].map(([, begins = ""]) => begins);
  const lines = COMMANDS.flatMap(({ examples }) => examples.map(({ line }) => line));
  // Of several beginnings of a line the longest is meant.
  for (const line of lines.filter((each) => OF_NODES.test(each))) {
    const begins = pasted.filter((each) => line.startsWith(each)).toSorted().at(-1);
    const first = lines.find((each) => begins !== undefined && each.startsWith(begins));
    assertEquals(first, line);
  }
});
