import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

async function deno(...args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("the client reaches no file but its own and what core says of the interface", async () => {
  const { modules } = JSON.parse(await deno("info", "--json", "client/mod.ts"));
  const names: string[] = modules.map(({ specifier }: { specifier: string }) =>
    specifier.replace(ROOT.href, "")
  );
  assertEquals(names.filter((name) => !/^(?:client|core)\//.test(name)), []);
});

Deno.test("the client is under 40 KB when minified", async () => {
  const script = await deno(
    "bundle",
    "--quiet",
    "--minify",
    "--platform",
    "browser",
    "client/mod.ts",
  );
  const bytes = new TextEncoder().encode(script).length;
  assert(bytes > 1_000 && bytes < 40_000, `${bytes} bytes`);
});
