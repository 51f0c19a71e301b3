// A whole node, as it is run from a checkout, on a disk whose sync fails.

import { assert, assertEquals } from "@std/assert";
import { connect } from "@raftkv/client";
import { Ports } from "../process/ports.ts";
import { Program } from "../process/program.ts";
import { until } from "../process/until.ts";
import { reasonAgainst, useStrace } from "./real_disk/facilities.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;
const noStrace = await reasonAgainst(useStrace);

Deno.test({
  name:
    "a node whose disk fails to sync says so in one line and ends, and keeps what it acknowledged" +
    (noStrace === null ? "" : ` (skipped: ${noStrace})`),
  ignore: noStrace !== null,
  fn: async () => {
    const dataDir = await Deno.makeTempDir();
    using ports = new Ports();
    const address = `127.0.0.1:${ports.numbers[0]}`;
    await using client = connect({ endpoints: [`http://${address}`], discover: false });
    const acknowledged: number[] = [];
    {
      await using failing = serve(["strace", ...INJECTION], { address, dataDir });
      await until("the node to lead", () => client.leader());
      for (let n = 0; !failing.hasEnded; n++) {
        try {
          await client.put(`key-${n}`, n, { timeoutMs: 2_000 });
          acknowledged.push(n);
        } catch {
          // Whether it counts, nobody knows: its disk is gone, or the machine is slow.
        }
      }
      assertEquals((await failing.ended).code, 1);
      assertEquals(
        failing.stderr,
        "error: Cannot go on with the data directory: Input/output error (os error 5)\n",
      );
    }
    assert(acknowledged.length > 5, `${acknowledged.length} writes were acknowledged`);
    await using _next = serve([], { address, dataDir });
    await until("the node to lead again", () => client.leader());
    for (const n of acknowledged) assertEquals((await client.get(`key-${n}`))?.value, n);
    await Deno.remove(dataDir, { recursive: true });
  },
});

const INJECTION = [
  ...["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync"],
  ...["-e", "inject=fdatasync:error=EIO:when=25"],
];

function serve(
  under: readonly string[],
  { address, dataDir }: { readonly address: string; readonly dataDir: string },
): Program {
  const flags = ["--id", "n1", "--listen", address, "--data", dataDir];
  const cluster = ["--cluster", `n1=http://${address}`];
  const deno = [Deno.execPath(), "run", "--quiet", "--no-prompt", "--allow-all", MAIN];
  const [executable, ...args] = [...under, ...deno, "serve", ...flags, ...cluster];
  return new Program(executable!, args);
}
