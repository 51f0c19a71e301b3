import { assert } from "@std/assert";
import { lockRounds } from "./lock_rounds.ts";

Deno.test("a lock is never held twice, though its holder and the leader are killed", async () => {
  const { writes, holders } = await lockRounds({ rounds: 4 });
  assert(writes > 4 && holders > 4);
});
