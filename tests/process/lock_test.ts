import { assert } from "@std/assert";
import { lockRounds } from "./lock_rounds.ts";

Deno.test("a lock is never held twice, though its holder, the leader and the whole cluster are killed", async () => {
  const { writes, holders } = await lockRounds({ rounds: 5 });
  assert(writes > 5 && holders > 5);
});
