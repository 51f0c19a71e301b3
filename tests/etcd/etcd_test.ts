/**
 * The same requests to RaftKV and to etcd, and the same answers, in every field that both have. The
 * one known difference is made up for: each commit of RaftKV takes a revision, one that changes nothing,
 * too, so that etcd then gets a change of a key that no request names.
 *
 * Further sequences: `deno task test:only tests/etcd -- --seed 7 --steps 5000`.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { pcg32 } from "../../core/random.ts";
import { Ports } from "../process/ports.ts";
import { Program } from "../process/program.ts";
import { ServedNode } from "../process/served_node.ts";
import { until } from "../process/until.ts";
import type { Answer } from "./answer.ts";
import { EtcdStore } from "./etcd_store.ts";
import { RaftKvStore } from "./raftkv_store.ts";
import { type Step, Steps } from "./step.ts";

const ETCD = "/usr/bin/etcd";
const { seed, steps } = parseArgs(Deno.args, { default: { seed: 1, steps: 1_000 } });

function isInstalled(): boolean {
  try {
    return Deno.statSync(ETCD).isFile;
  } catch {
    console.log(
      `Not compared with etcd: there is no ${ETCD} (Debian: apt-get install etcd-server)`,
    );
    return false;
  }
}

/** Both stores as processes, new and empty. */
class Pair implements AsyncDisposable {
  readonly etcd: EtcdStore;
  readonly raftkv: RaftKvStore;
  readonly #ports = new Ports();
  readonly #directory = Deno.makeTempDirSync({ prefix: "raftkv_etcd_" });
  readonly #etcdUrl: string;
  readonly #program: Program;
  readonly #node: ServedNode;

  constructor() {
    const urls = this.#ports.numbers.slice(0, 3).map((port) => `http://127.0.0.1:${port}`);
    const [client = "", peer = "", url = ""] = urls;
    this.#etcdUrl = client;
    this.#program = new Program(ETCD, [
      ...["--data-dir", `${this.#directory}/etcd`, "--name", "e1", "--log-level", "error"],
      ...["--listen-client-urls", client, "--advertise-client-urls", client],
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ...["--initial-cluster", `e1=${peer}`],
    ]);
    this.etcd = new EtcdStore(client);
    this.#node = new ServedNode({
      id: "n1",
      url,
      dataDir: `${this.#directory}/n1`,
      origin: ["--id", "n1", "--cluster", `n1=${url}`],
      flags: [],
    });
    this.#node.start();
    this.raftkv = new RaftKvStore(url);
  }

  /** Waits until both serve. */
  async ready(): Promise<void> {
    await until("etcd to serve", async () => {
      const { health } = await (await fetch(`${this.#etcdUrl}/health`)).json();
      return health === "true";
    });
    await until(
      "RaftKV to serve",
      async () => (await this.#node.client.health()).status === "ok",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#node[Symbol.asyncDispose](), this.#program[Symbol.asyncDispose]()]);
    this.#ports[Symbol.dispose]();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** Whether a step may be a commit that changes nothing. */
function mayChangeNothing({ kind }: Step): boolean {
  return kind === "delete" || kind === "txn";
}

/** A read of the past names the revision it reads in RaftKV, and the present one in etcd. */
function comparable(step: Step, answer: Answer): Answer {
  const isPast = "revision" in step && step.revision !== undefined && step.kind !== "compact";
  return isPast && "revision" in answer ? { ...answer, revision: 0 } : answer;
}

Deno.test({
  name: `etcd and RaftKV give the same answers to ${steps} random requests (seed ${seed})`,
  ignore: !isInstalled(),
  fn: async () => {
    await using pair = new Pair();
    await pair.ready();
    const drawn = new Steps(pcg32(Number(seed)));
    const seen = new Map<string, number>();
    let revision = 1;
    for (let at = 0; at < Number(steps); at++) {
      const step = drawn.draw(revision);
      const own = await pair.raftkv.ask(step);
      let theirs = await pair.etcd.ask(step);
      if (mayChangeNothing(step) && "revision" in theirs && theirs.revision === revision) {
        theirs = { ...theirs, revision: revision + 1 };
        await pair.etcd.fill();
      }
      assertEquals(
        comparable(step, own),
        comparable(step, theirs),
        `seed ${seed}, step ${at}: ${JSON.stringify(step)}`,
      );
      const isPast = comparable(step, own) !== own;
      if ("revision" in own && !isPast) revision = own.revision;
      const outcome = `${step.kind} ${"failed" in own ? own.failed : "done"}`;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    if (Number(steps) >= 1_000) assertEverythingSeen(seen);
  },
});

/** What must happen for the comparison to mean something. */
function assertEverythingSeen(seen: ReadonlyMap<string, number>): void {
  const wanted = [
    ...["put done", "delete done", "range done", "count done", "txn done", "grant done"],
    ...["revoke done", "keepalive done", "timetolive done", "leases done", "compact done"],
    ...["put lease_not_found", "range compacted", "range future_revision", "txn duplicate_key"],
    ...["grant lease_exists", "keepalive lease_not_found", "compact compacted"],
  ];
  assert(wanted.every((outcome) => seen.has(outcome)), JSON.stringify([...seen]));
}
