/**
 * Plays the scenarios in `tests/testdata`. A line that begins with `>` is a directive (see
 * `tests/support/stage/stage.ts`), the indented lines after it are what was seen. After a change that is
 * meant to change them, `RAFTKV_REWRITE=1 deno task test:only tests/core/raft/scenarios_test.ts`
 * writes them anew; the change of each line then needs an explanation.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Stage } from "../../support/stage/stage.ts";

const DIRECTORY = new URL("../../testdata/", import.meta.url);

function transcriptOf(script: string): string {
  const stage = new Stage();
  return script.split("\n").filter((row) => !row.startsWith("  ")).flatMap((row) =>
    row.startsWith("> ") ? [row, ...stage.play(row.slice(2)).map((seen) => `  ${seen}`)] : [row]
  ).join("\n");
}

for (const { name } of [...Deno.readDirSync(DIRECTORY)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  if (!name.endsWith(".txt")) continue;
  Deno.test(`the scenario ${name} plays as written`, () => {
    const file = new URL(name, DIRECTORY);
    const script = Deno.readTextFileSync(file);
    const transcript = transcriptOf(script);
    if (Deno.env.get("RAFTKV_REWRITE") === "1") Deno.writeTextFileSync(file, transcript);
    else assertEquals(transcript, script);
  });
}
