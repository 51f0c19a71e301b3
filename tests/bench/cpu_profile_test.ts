import { assertEquals } from "@std/assert";
import { type CpuProfile, timeByPurpose } from "../../bench/compare/cpu_profile.ts";

function node(id: number, where: { name?: string; url?: string }, children: number[] = []) {
  return { id, callFrame: { functionName: where.name ?? "", url: where.url ?? "" }, children };
}

Deno.test("Time goes to what the code is for; what has no purpose of its own serves its caller's", () => {
  const profile: CpuProfile = {
    nodes: [
      node(1, { name: "(root)" }, [2, 3, 6]),
      node(2, { name: "(idle)" }),
      node(3, { url: "file:///server/reply.ts" }, [4, 5]),
      node(4, { name: "op_encode" }),
      node(5, { url: "file:///core/kv/tree.ts" }, [7]),
      node(6, { name: "op_unknown" }),
      node(7, { name: "op_of_the_tree" }),
    ],
    samples: [2, 3, 4, 5, 6, 7],
    timeDeltas: [100, 10, 20, 3, 4, 5],
  };
  const shares = timeByPurpose(profile, [
    { name: "idle", pattern: /^\(idle\)$/ },
    { name: "state machine", pattern: /\/core\/kv\// },
    { name: "HTTP", pattern: /\/server\// },
  ]);
  assertEquals(Object.fromEntries(shares), {
    idle: 100,
    "state machine": 8,
    HTTP: 30,
    "the runtime": 4,
  });
});
