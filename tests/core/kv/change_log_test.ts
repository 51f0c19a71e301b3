import { assertEquals } from "@std/assert";
import { ChangeLog } from "../../../core/kv/change_log.ts";
import { keyOf } from "./apply.ts";

Deno.test("a revision has the keys it changed, in order, until it is forgotten", () => {
  const log = new ChangeLog();
  const keysOf = (revision: number) =>
    revision % 3 === 0 ? [] : revision % 3 === 1 ? ["b"] : ["a", "b", "c"];
  for (let revision = 1; revision <= 3_000; revision++) {
    for (const key of keysOf(revision).reverse()) log.add(revision, keyOf(key));
  }
  for (let forgotten = 1; forgotten <= 3_000; forgotten++) {
    assertEquals(log.keysAt(forgotten), keysOf(forgotten).map(keyOf));
    log.forget(forgotten);
    assertEquals(log.keysAt(forgotten), []);
  }
});
