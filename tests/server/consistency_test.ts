// What a real node says of how it served a read, at both doors. Alone, a node that may serve by a
// lease always holds one.

import { assertEquals } from "@std/assert";
import { loadNodeConfig, startNode } from "@raftkv/server";

/** The `consistency` of the answer to a message over a WebSocket. */
async function overSocket(url: string, consistency: string): Promise<string> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/ws`);
  const answer = new Promise<{ served?: { consistency: string } }>((resolve) => {
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "hello") {
        socket.send(JSON.stringify({ id: 1, op: "get", key: "a", consistency }));
      } else if (message.id === 1) resolve(message);
    };
  });
  const { served } = await answer;
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
  return served?.consistency ?? "linearizable";
}

async function overHttp(url: string, path: string): Promise<string | null> {
  const answer = await fetch(`${url}${path}`);
  await answer.text();
  return answer.headers.get("raftkv-consistency");
}

for (
  const [what, flags, proved] of [
    ["lease reads on", { "lease-drift-ms": "100" }, "lease"],
    ["lease reads off", {}, "linearizable"],
  ] as const
) {
  Deno.test(`with ${what}, each answer says what it rests on, at both doors`, async () => {
    const given = { data: ":memory:", port: "0", host: "127.0.0.1", ...flags };
    const node = await startNode(loadNodeConfig({ flags: given, env: {}, file: null }));
    const put = await fetch(`${node.url}/v1/kv/a`, { method: "PUT", body: '{"value":1}' });
    assertEquals(put.status, 200, await put.text());
    for (
      const [asked, told] of [
        ["lease", proved],
        ["linearizable", "linearizable"],
        ["stale", "stale"],
      ] as const
    ) {
      for (const path of ["/v1/kv/a", "/kv/a", "/v1/kv", "/v1/leases"]) {
        assertEquals(await overHttp(node.url, `${path}?consistency=${asked}`), told, path);
      }
      assertEquals(await overSocket(node.url, asked), told);
    }
    await node.close();
  });
}
