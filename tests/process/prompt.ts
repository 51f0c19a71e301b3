/**
 * Lines as they are typed at a prompt, without a shell to run them.
 *
 * @module
 */

/** Splits a line into words at spaces, as a shell does with plain and with quoted ones. */
export function wordsOf(line: string): readonly string[] {
  const words = line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g);
  return [...words].map(([, single, double, plain]) => single ?? double ?? plain ?? "");
}

/** What a `curl` line prints; where there is no curl, what it would have been sent. */
export async function curl(args: readonly string[]): Promise<string> {
  try {
    const command = new Deno.Command("curl", { args: ["--silent", "--show-error", ...args] });
    const { stdout, stderr } = await command.output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return await fetchLike(args);
    throw error;
  }
}

async function fetchLike(args: readonly string[]): Promise<string> {
  const valueOf = (flag: string) => args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined;
  const url = args.find((arg) => arg.startsWith("http:")) ?? "";
  const body = valueOf("-d");
  const response = await fetch(url, {
    method: valueOf("-X") ?? "GET",
    headers: { accept: "*/*", "content-type": "application/x-www-form-urlencoded" },
    ...body === undefined ? {} : { body },
  });
  return await response.text();
}
