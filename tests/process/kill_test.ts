/**
 * Nothing that was acknowledged is lost to `kill -9`, and nothing takes effect twice. The same in
 * earnest: `deno task test:kill --rounds 10 --writes 20000`.
 *
 * @module
 */

import { assert } from "@std/assert";
import { type KillReport, killRounds } from "./kill_rounds.ts";

Deno.test("acknowledged writes survive kill -9 of the leader and of all nodes, each once", async () => {
  const kills: KillReport[] = [];
  const onKill = (kill: KillReport) => kills.push(kill);
  await killRounds({ rounds: 2, writes: 4_000, clients: 16, onKill });
  assert(kills.length === 4);
});
