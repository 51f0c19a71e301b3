import { assertEquals } from "@std/assert";
import type { Key } from "@raftkv/core/kv";
import fc from "fast-check";
import { KeySet } from "../../../core/kv/key_set.ts";

Deno.test("a set of keys has what was added to it and nothing else, as the language's own", () => {
  const someKey = fc.string({ unit: fc.constantFrom("a", "b", "\0", "\xff"), maxLength: 5 });
  fc.assert(
    fc.property(fc.array(someKey, { maxLength: 200 }), someKey, (added, asked) => {
      const set = new KeySet();
      const model = new Set<string>();
      for (const key of added) {
        assertEquals(set.has(key as Key), model.has(key));
        set.add(key as Key);
        model.add(key);
      }
      assertEquals(set.keys().toSorted(), [...model].toSorted() as Key[]);
      assertEquals(set.has(asked as Key), model.has(asked));
    }),
    { numRuns: 300 },
  );
});

Deno.test("no key of a store becomes one of V8's names, which each full collection goes through", async () => {
  const script = new URL("./interned_keys.ts", import.meta.url).href;
  const flags = "--v8-flags=--allow-natives-syntax,--expose-gc";
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--no-prompt", flags, script],
    stderr: "inherit",
  });
  const { stdout } = await command.output();
  const told = JSON.parse(new TextDecoder().decode(stdout));
  // The second count shows that a name would have been found.
  assertEquals(told, { counts: [0, 101], keys: 101 });
});
