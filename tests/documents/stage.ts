/**
 * Where the code of the documents is run: three nodes, a directory, and `raftkv` and `curl` at hand.
 *
 * @module
 */

import { connect, type Kv } from "@raftkv/client";
import { Cluster } from "../process/cluster.ts";
import { Ports } from "../process/ports.ts";
import { Program, type ProgramOptions } from "../process/program.ts";
import { MAIN } from "../process/served_node.ts";
import { until } from "../process/until.ts";
import { prepare } from "./prepare.ts";

const ROOT = new URL("../../", import.meta.url);
const CONFIG = new URL("deno.json", ROOT).pathname;

/** A `curl` that fails when the node says no. */
const CURL = `#!/bin/sh
PATH="$READERS_PATH" exec curl --fail-with-body --silent --show-error "$@"
`;
const RAFTKV = `#!/bin/sh
exec "${Deno.execPath()}" run --quiet --no-prompt --no-check --allow-all "${MAIN}" "$@"
`;

/** How something ended that was run. */
export interface Ran {
  /** 0 also of what was ended because it had done enough. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Says whether what goes on for ever has done enough, by what it has printed. */
export type Enough = (stdout: string) => boolean | Promise<boolean>;

/** A place for all blocks, one after the other. */
export class DocumentsStage implements AsyncDisposable {
  readonly kv: Kv;
  readonly directory: string;
  readonly #cluster: Cluster;
  readonly #ports = new Ports();
  #programs = 0;

  private constructor(cluster: Cluster, directory: string) {
    this.#cluster = cluster;
    this.directory = directory;
    this.kv = connect({ endpoints: cluster.urls });
  }

  static async open(): Promise<DocumentsStage> {
    const directory = await Deno.makeTempDir({ prefix: "raftkv_documents_" });
    await Deno.mkdir(`${directory}/bin`);
    await Deno.writeTextFile(`${directory}/bin/curl`, CURL, { mode: 0o755 });
    await Deno.writeTextFile(`${directory}/bin/raftkv`, RAFTKV, { mode: 0o755 });
    return new DocumentsStage(await Cluster.start(), directory);
  }

  /** Runs a TypeScript program of a document to its end, or until it has done enough. */
  async program(text: string, document: string, enough?: Enough): Promise<Ran> {
    this.#programs += 1;
    const file = `${this.directory}/program_${this.#programs}.ts`;
    const base = new URL(document, ROOT);
    const placed = (await this.#placed(text)).replaceAll(
      /from "(\.[^"]+)"/g,
      (_, path: string) => `from "${new URL(path, base)}"`,
    );
    await Deno.writeTextFile(file, placed);
    const flags = ["--quiet", "--no-prompt", "--no-check", "--allow-all", `--config=${CONFIG}`];
    return await this.#run(["deno", "run", ...flags, file], { cwd: this.directory }, enough);
  }

  /** Runs a command: a task of ours in the checkout, all else in the directory. */
  async command(line: string, enough?: Enough): Promise<Ran> {
    const pasted = await this.#placed(line);
    const cwd = /\bdeno task\b/.test(line) ? ROOT.pathname : this.directory;
    const script = enough === undefined ? pasted : `exec ${pasted}`;
    return await this.#run(["bash", "-o", "pipefail", "-c", script], { cwd }, enough);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kv.close();
    this.#ports[Symbol.dispose]();
    await this.#cluster[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }

  /** With the addresses, directories and whatever else a reader has, as they are here. */
  async #placed(text: string): Promise<string> {
    const hosts = this.#cluster.urls.map((url) => new URL(url).host);
    const own = this.#ports.numbers.map((port) => `127.0.0.1:${port}`);
    const placed = Object.entries(await prepare(this, text)).reduce(
      (before, [from, to]) => before.replaceAll(from, to),
      text,
    );
    return placed
      .replaceAll(/localhost:800([123])/g, (_, node: string) => hosts[Number(node) - 1] ?? "")
      .replaceAll("--node http://10.0.0.2:8001", `--node http://${hosts[1]}`)
      .replaceAll(/10\.0\.0\.([123]):8001/g, (_, node: string) => own[Number(node) - 1] ?? "")
      .replaceAll(/\/var\/lib\/(?:raftkv|app)/g, (path) => `${this.directory}${path}`);
  }

  async #run(
    [executable = "", ...args]: readonly string[],
    options: ProgramOptions,
    enough: Enough | undefined,
  ): Promise<Ran> {
    const path = Deno.env.get("PATH") ?? "";
    const env = {
      PATH: `${this.directory}/bin:${path}`,
      READERS_PATH: path,
      RAFTKV_ENDPOINTS: this.#cluster.urls.join(","),
      RAFTKV_SECRET: "a secret that is long enough to be one",
    };
    const deno = executable === "deno" ? Deno.execPath() : executable;
    await using program = new Program(deno, args, { ...options, env });
    if (enough === undefined) {
      const { code } = await program.ended;
      return { code, stdout: program.stdout, stderr: program.stderr };
    }
    await until("it to do enough", async () => {
      if (await enough(program.stdout)) return true;
      return program.hasEnded;
    });
    const { hasEnded, stdout, stderr } = program;
    return { code: hasEnded ? 1 : 0, stdout, stderr };
  }
}
