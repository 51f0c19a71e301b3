// A whole node on a disk that fills up, and has room again.

import { assert, assertEquals } from "@std/assert";
import { connect, KvError } from "@raftkv/client";
import { mountSmallDisk, reasonAgainst } from "../storage/real_disk/facilities.ts";
import { Ports } from "./ports.ts";
import { MAIN } from "./served_node.ts";
import { Program } from "./program.ts";
import { until } from "./until.ts";

const noMount = await reasonAgainst(() => mountSmallDisk(64));

Deno.test({
  name:
    "a full disk is answered with 507, reads and deletes go on, and writes do when there is room" +
    (noMount === null ? "" : ` (skipped: ${noMount})`),
  ignore: noMount !== null,
  fn: async () => {
    await using disk = await mountSmallDisk(16 * 1_024);
    using ports = new Ports();
    const address = `127.0.0.1:${ports.numbers[0]}`;
    const url = `http://${address}`;
    await using node = new Program(Deno.execPath(), [
      ...["run", "--quiet", "--no-prompt", "--allow-all", MAIN, "serve", "--id", "n1"],
      ...["--listen", address, "--data", `${disk.path}/n1`, "--cluster", `n1=${url}`],
    ]);
    await using client = connect({ endpoints: [url], discover: false });
    await until("the node to lead", () => client.leader());

    const value = "x".repeat(100_000);
    let written = 0;
    const refusal = await until("the disk to be full", async () => {
      try {
        await put(url, `k${written}`, value);
        written++;
        return null;
      } catch (error) {
        if (error instanceof Refused) return error;
        throw error;
      }
    });
    assert(written > 20, `${written} were written`);
    assertEquals([refusal.status, refusal.body.error.code], [507, "storage_full"]);
    assertEquals([refusal.body.error.outcome, refusal.body.error.retryable], ["not_applied", true]);

    assertEquals((await client.get("k0"))?.value, value, "linearizable reads go on");
    assertEquals(await client.get(`k${written}`), null, "what was refused was not done");
    for (let n = 0; n < 10; n++) await client.delete(`k${n}`);
    assertEquals(await client.get("k0"), null, "deletes get through");
    const compacted = await fetch(`${url}/v1/compact`, { method: "POST", body: "{}" });
    await compacted.body?.cancel();
    assert(compacted.status !== 507, `compaction: ${compacted.status}`);
    assertEquals(await refusedWith(() => put(url, "more", value)), 507);

    await disk.resize(128 * 1_024);
    await until(
      "writes to go on by themselves",
      () =>
        client.put("again", 1).then(() => true, (error) => {
          if (error instanceof KvError && error.code === "storage_full") return null;
          throw error;
        }),
    );
    await node.kill();

    await using next = new Program(Deno.execPath(), [
      ...["run", "--quiet", "--no-prompt", "--allow-all", MAIN, "serve", "--id", "n1"],
      ...["--listen", address, "--data", `${disk.path}/n1`, "--cluster", `n1=${url}`],
    ]);
    await until("the node to lead again", () => client.leader());
    assertEquals((await client.get("again"))?.value, 1);
    for (let n = 0; n < written; n++) {
      assertEquals((await client.get(`k${n}`))?.value ?? null, n < 10 ? null : value, `k${n}`);
    }
    assert(!next.hasEnded);
  },
});

/** A write that was answered with a failure. */
class Refused extends Error {
  readonly status: number;
  readonly body: { error: { code: string; outcome: string; retryable: boolean } };

  constructor(status: number, body: Refused["body"]) {
    super(`${status} ${body.error.code}`);
    this.status = status;
    this.body = body;
  }
}

/** One try, whatever the client would do about a refusal. */
async function put(url: string, key: string, value: string): Promise<void> {
  const init = { method: "PUT", body: JSON.stringify({ value }) };
  const response = await fetch(`${url}/kv/${key}`, init);
  const body = await response.json();
  if (!response.ok) throw new Refused(response.status, body);
}

async function refusedWith(call: () => Promise<void>): Promise<number> {
  try {
    await call();
    return 200;
  } catch (error) {
    if (error instanceof Refused) return error.status;
    throw error;
  }
}
