import { assertEquals } from "@std/assert";
import { cancel, watch } from "../../server/operations/watch.ts";
import { WEBSOCKET_LIMITS } from "../../server/websocket/limits.ts";
import { OPERATIONS } from "../../server/websocket/operations.ts";
import { listenNative } from "../../server/listener_native.ts";
import { open, withDoor } from "./ws_client.ts";

const DOCUMENT = Deno.readTextFileSync(new URL("../../docs/WEBSOCKET.md", import.meta.url));

/** The cells of the first table under a heading, without its first two rows. */
function tableUnder(heading: string): string[][] {
  const section = DOCUMENT.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

function codesIn(cell = ""): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

Deno.test("what the document says the node answers is what it answers", async () => {
  await withDoor(listenNative, async ({ url, port }) => {
    await using client = open(url);
    const blocks = DOCUMENT.split("```text\n").slice(1).map((block) =>
      block.split("\n```")[0] ?? ""
    );
    const lines = blocks.flatMap((block) => block.split("\n"));
    const follow = (leaderId: string, term: number) => {
      Object.assign(port, { leaderId, term });
      port.onTurn();
    };
    let said = 0;
    for (const line of lines) {
      const text = line.slice(2);
      if (line.startsWith("→ ")) {
        client.send(text);
        continue;
      }
      said++;
      const isOfLeader = text.includes('"type":"leader"');
      if (isOfLeader) follow("n3", 8);
      let message = await client.next();
      // A quiet watch has its bookmark as often as it asked for.
      while (message.type === "bookmark" && !text.includes("bookmark")) {
        message = await client.next();
      }
      if (message.type !== "hello") assertEquals(JSON.stringify(message), text);
      else assertEquals(Object.keys(message), Object.keys(JSON.parse(text.replace("{…}", "{}"))));
      if (!isOfLeader) continue;
      follow("n2", 7);
      await client.next();
    }
    assertEquals(said, 37);
  });
});

Deno.test("the document's operations and their fields are those that there are", () => {
  const forms = [...OPERATIONS.values(), watch, cancel];
  const expected = forms.map(({ name, places }) => [name, [...places.keys()]]);
  expected.push(["ping", []]);
  const documented = tableUnder("Requests").map(([op, , fields]) => [
    codesIn(op)[0] ?? "",
    codesIn(fields),
  ]);
  assertEquals(documented, expected);
});

Deno.test("the document's limits are the limits", () => {
  const limits = tableUnder("Limits").map(([, limit]) => limit?.replaceAll(",", "").split(" ")[0]);
  const { messageBytesMax, requestsMax, requestBytesMax, watchesMax } = WEBSOCKET_LIMITS;
  const { unreadBytesMax, unreadMsMax } = WEBSOCKET_LIMITS;
  const { frameMessagesMax } = WEBSOCKET_LIMITS;
  const requests = [messageBytesMax, frameMessagesMax, requestsMax, requestBytesMax, watchesMax];
  const unread = [unreadBytesMax / 4, unreadBytesMax, unreadMsMax / 1_000];
  assertEquals(limits, [...requests, ...unread].map(String));
});
