import { assertEquals } from "@std/assert";
import { SeenRequests } from "../../../core/replica/seen_requests.ts";

// [P-3]
Deno.test("each number of each sender is first once, in whatever order they come", () => {
  const seen = new SeenRequests();
  const arrivals = [["a", 3], ["a", 1], ["b", 1], ["a", 3], ["a", 2], ["a", 1]] as const;
  assertEquals(arrivals.map(([sender, number]) => seen.isFirst(sender, number)), [
    true,
    true,
    true,
    false,
    true,
    false,
  ]);
});

// [P-3]
Deno.test("what was forgotten counts as seen: better refused than taken twice", () => {
  const seen = new SeenRequests();
  for (let number = 1; number <= 5_000; number++) seen.isFirst("a", number);
  assertEquals([1, 2_000, 5_000].map((number) => seen.isFirst("a", number)), [false, false, false]);
  assertEquals(seen.isFirst("a", 5_001), true);
});

Deno.test("a sender that keeps speaking is not forgotten for a thousand that came and went", () => {
  const seen = new SeenRequests();
  for (let run = 1; run <= 3_000; run++) {
    seen.isFirst("steady", run);
    seen.isFirst(`run ${run}`, 1);
  }
  assertEquals(seen.isFirst("steady", 2_999), false);
});
