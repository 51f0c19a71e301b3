/**
 * Builds `dist/raftkv`, the command line as one binary: `deno task compile`.
 *
 * @module
 */

const PERMISSIONS = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-env=RAFTKV_*,NO_COLOR,WS_*",
];

const { code, stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["compile", "--quiet", ...PERMISSIONS, "--output", "dist/raftkv", "cli/main.ts"],
  cwd: new URL("../", import.meta.url),
  stderr: "piped",
}).output();

const complaint = new TextDecoder().decode(stderr).trim();
if (complaint !== "") console.error(complaint);
if (code !== 0) {
  if (complaint.includes("denort")) {
    console.error(
      "\nCannot build the binary: deno compile downloads its runtime, denort, from dl.deno.land, " +
        "and that is out of reach.\nRun it on a machine that reaches dl.deno.land, or use " +
        "`deno task bundle`, which needs no download: deno run dist/raftkv.js",
    );
  }
  Deno.exit(code);
}
console.log("Wrote dist/raftkv");
