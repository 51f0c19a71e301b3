import { connect } from "@raftkv/client";
import { loadNodeConfig, startNode } from "@raftkv/server";
import { CASES } from "./cases.ts";

for (const { name, run } of CASES) {
  Deno.test(`over HTTP, ${name}`, async () => {
    const flags = { listen: "127.0.0.1:0", data: ":memory:" };
    const node = await startNode(loadNodeConfig({ flags, env: {}, file: null }));
    try {
      await using kv = connect({ endpoints: [node.url] });
      await run({ kv, prefix: "case/" });
    } finally {
      await node.close();
    }
  });
}
