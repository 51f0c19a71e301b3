import { assertEquals } from "@std/assert";
import { classifyNetworkError } from "../../client/network_failure.ts";

async function errorOfFetch(url: string): Promise<unknown> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
  } catch (error) {
    return error;
  }
  throw new Error("The request succeeded");
}

Deno.test("a refused connection is certain: nothing was sent", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const failure = classifyNetworkError(await errorOfFetch(`http://127.0.0.1:${port}/`));
  assertEquals(failure.kind, "refused");
  assertEquals(failure.message, "tcp connect error: Connection refused (os error 111)");
});

Deno.test("a connection that breaks after the request went out leaves it open", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const breaking = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(1));
    connection.close();
  })();
  const error = await errorOfFetch(`http://127.0.0.1:${listener.addr.port}/`);
  await breaking;
  listener.close();
  assertEquals(classifyNetworkError(error).kind, "lost");
});

const fromNode = (cause: Error) => new TypeError("fetch failed", { cause });
const systemError = (syscall: string, code: string) =>
  Object.assign(new Error(`${syscall} ${code}`), { syscall, code });

Deno.test("Node's errors are told apart by the system call, not by the code", () => {
  const cases: readonly [unknown, "refused" | "lost"][] = [
    [fromNode(systemError("connect", "ECONNREFUSED")), "refused"],
    [fromNode(systemError("getaddrinfo", "ENOTFOUND")), "refused"],
    [fromNode(systemError("connect", "EHOSTUNREACH")), "refused"],
    [fromNode(systemError("write", "EHOSTUNREACH")), "lost"],
    [fromNode(systemError("read", "ECONNRESET")), "lost"],
    [fromNode(Object.assign(new Error(), { code: "UND_ERR_CONNECT_TIMEOUT" })), "refused"],
    [fromNode(Object.assign(new Error(), { code: "UND_ERR_SOCKET" })), "lost"],
    [
      fromNode(
        new AggregateError([
          systemError("connect", "ECONNREFUSED"),
          systemError("connect", "ECONNREFUSED"),
        ]),
      ),
      "refused",
    ],
    [
      fromNode(
        new AggregateError([
          systemError("connect", "ECONNREFUSED"),
          systemError("read", "ECONNRESET"),
        ]),
      ),
      "lost",
    ],
    [fromNode(new AggregateError([])), "lost"],
  ];
  for (const [error, kind] of cases) assertEquals(classifyNetworkError(error).kind, kind);
});

Deno.test("what a browser or a stranger throws may have arrived", () => {
  assertEquals(classifyNetworkError(new TypeError("Failed to fetch")), {
    kind: "lost",
    message: "Failed to fetch",
  });
  assertEquals(classifyNetworkError("odd").kind, "lost");
});
