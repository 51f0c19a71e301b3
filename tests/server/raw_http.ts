// HTTP as bytes on a connection, for requests that no client library would send.

/** What came back until the server closed the connection. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

export async function rawConnect(port: number): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

/** Sends bytes (one for each character) and reads until the server closes the connection. */
export async function rawExchange(port: number, request: string): Promise<RawAnswer> {
  using connection = await rawConnect(port);
  await writeAll(connection, Uint8Array.from(request, (char) => char.charCodeAt(0)));
  return await readAnswer(connection);
}

/** Writes everything, unless the server has closed the connection. */
export async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  } catch {
    // The answer is still to be read.
  }
}

/** Reads until the server closes the connection. */
export async function readAnswer(connection: Deno.TcpConn): Promise<RawAnswer> {
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of connection.readable) text += decoder.decode(chunk, { stream: true });
  } catch {
    // A reset is an end too.
  }
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}

/** A request head that asks the server to close the connection after its answer. */
export function head(requestLine: string, headers: readonly string[] = []): string {
  const host = headers.some((line) => line.startsWith("Host:")) ? [] : ["Host: localhost"];
  return [`${requestLine} HTTP/1.1`, ...host, ...headers, "Connection: close", "", ""].join("\r\n");
}
