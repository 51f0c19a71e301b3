import { assertEquals } from "@std/assert";
import { filesListed, straysOf } from "../../tools/publish_listing.ts";

const LISTING = `Check mod.ts
Checking for slow types in the public API...
Simulating publish of @raftkv/client@0.1.0 with files:
   file:///checkout/client/mod.ts (1.9KB)
   file:///checkout/client/deno.json (179B)
   file:///checkout/client/old.orig (2B)
   file:///checkout/tests/client/retry_test.ts (4.1KB)
   file:///checkout/data/n1/wal-1.log (64MB)
Success Dry run complete
`;

Deno.test("what is listed for publishing is sources and manifests, or it is told", () => {
  const files = filesListed(LISTING, new URL("file:///checkout/"));
  assertEquals(files.length, 5);
  assertEquals(straysOf(files), [
    "client/old.orig",
    "tests/client/retry_test.ts",
    "data/n1/wal-1.log",
  ]);
});
