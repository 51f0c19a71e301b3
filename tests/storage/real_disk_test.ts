// Real processes on real file systems that fail, fill up and forget. What the machine lacks is
// skipped with a reason. In earnest: `deno task real-disk --kills 500 --cuts 100`.

import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { pcg32, type Random } from "@raftkv/core/random";
import { openStore } from "@raftkv/storage";
import { entriesOf } from "../../storage/testing/fixtures.ts";
import { DEATH_KINDS } from "./real_disk/dying_vfs.ts";
import {
  mountForgetfulDisk,
  mountSmallDisk,
  reasonAgainst,
  useStrace,
} from "./real_disk/facilities.ts";
import { Writer } from "./real_disk/writer_process.ts";
import { IDENTITY } from "./workload.ts";

const asked = parseArgs(Deno.args, { string: ["kills", "cuts"] });
const KILLS = Number(asked.kills ?? 14);
const CUTS = Number(asked.cuts ?? 8);
const BATCHES = 25;

const noForgetfulDisk = await reasonAgainst(mountForgetfulDisk);
const noStrace = await reasonAgainst(useStrace);
const noSmallDisk = await reasonAgainst(() => mountSmallDisk(48));

Deno.test("kill -9 at any operation loses nothing that was acknowledged", async () => {
  const path = await Deno.makeTempDir();
  const life = new Life(path, pcg32(1));
  for (let cycle = 0; cycle < KILLS; cycle++) await life.runAndKill(cycle);
  await life.checkAll();
  await Deno.remove(path, { recursive: true });
  console.log(`${KILLS} kills, ${life.promised} entries acknowledged, none lost`);
});

test(
  noForgetfulDisk,
  "power cuts that forget what was not synced lose nothing that was acknowledged",
  async () => {
    await using disk = await mountForgetfulDisk();
    const life = new Life(disk.path, pcg32(2));
    for (let cycle = 0; cycle < CUTS; cycle++) {
      await life.runAndKill(cycle);
      disk.cutPower();
    }
    await life.checkAll();
    console.log(`${CUTS} power cuts, ${life.promised} entries acknowledged, none lost`);
  },
);

test(noForgetfulDisk, "the power cuts of the test above do lose what was not synced", async () => {
  await using disk = await mountForgetfulDisk();
  const synced = await Deno.open(`${disk.path}/synced`, { create: true, write: true });
  synced.writeSync(Uint8Array.of(1, 2, 3));
  await synced.syncData();
  const directory = await Deno.open(disk.path);
  await directory.sync();
  synced.writeSync(Uint8Array.of(4));
  await Deno.writeFile(`${disk.path}/unsynced`, Uint8Array.of(1));
  synced.close();
  directory.close();
  disk.cutPower();
  assertEquals(Array.from(Deno.readDirSync(disk.path), ({ name }) => name), ["synced"]);
  assertEquals(await Deno.readFile(`${disk.path}/synced`), Uint8Array.of(1, 2, 3));
});

test(
  noStrace,
  "a sync that fails ends all promises with one clear line, and nothing promised is lost",
  async () => {
    for (const number of [1, 2, 9, 40]) {
      const path = await Deno.makeTempDir();
      const inject = `inject=fdatasync:error=EIO:when=${number}`;
      const under = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fdatasync",
        "-e",
        inject,
      ];
      await using writer = new Writer({ path, under });
      const { code } = await writer.ended();
      assertEquals(code, 1);
      const last = number === 1 ? writer.errors.trim().split("\n")[0] : writer.lines.at(-1);
      assert(last?.includes("Input/output error (os error 5)"), `${number}: ${last}`);
      await checkDirectory(path, writer.promised);
      await Deno.remove(path, { recursive: true });
    }
  },
);

test(
  noSmallDisk,
  "a full disk refuses writes and loses none, and the store goes on when there is room",
  async () => {
    await using disk = await mountSmallDisk(48);
    await using writer = new Writer({ path: disk.path });
    await writer.until(() => writer.lines.includes("full"));
    assert(writer.lines.includes("full"), writer.errors);
    const before = writer.promised;
    await disk.resize(1_024);
    await writer.until(() => writer.promised > before + 300);
    assert(writer.promised > before + 300, writer.errors);
    await writer.kill();
    await checkDirectory(disk.path, writer.promised);
  },
);

/** A directory that one writer after another works on. */
class Life {
  promised = 0;
  readonly #path: string;
  readonly #random: Random;

  constructor(path: string, random: Random) {
    this.#path = path;
    this.#random = random;
  }

  /** Lets a writer go on until it dies at its failpoint, or is killed after some batches. */
  async runAndKill(cycle: number): Promise<void> {
    const kind = DEATH_KINDS[cycle % DEATH_KINDS.length]!;
    const moment = this.#random() < 0.5 ? "before" : "after";
    const die = `${moment}:${kind}:${1 + Math.floor(this.#random() * 12)}`;
    await using writer = new Writer({ path: this.#path, die });
    await writer.hasPromised(BATCHES);
    await writer.kill();
    assertEquals(writer.errors, "", die);
    this.#check(writer.found, die);
    this.promised = Math.max(this.promised, writer.promised);
  }

  async checkAll(): Promise<void> {
    await checkDirectory(this.#path, this.promised);
  }

  #check(found: number | null, die: string): void {
    if (found === null) return;
    assert(found >= this.promised, `${die}: ${found} of ${this.promised} entries are left`);
  }
}

/** Opens a directory and demands all that was promised, and nothing but what was written. */
async function checkDirectory(path: string, promised: number): Promise<void> {
  const store = await openStore(path, IDENTITY);
  const { base, entries } = store.recovered;
  const last = base.index + entries.length;
  assertEquals(entries, entriesOf(1, { first: base.index + 1, last }));
  assert(last >= promised, `${last} of ${promised} entries are left`);
  await store.close();
}

/** Registers a test, or why this machine cannot run it. */
function test(reason: string | null, name: string, fn: () => Promise<void>): void {
  const suffix = reason === null ? "" : ` (skipped: ${reason})`;
  Deno.test({ name: name + suffix, ignore: reason !== null, fn });
}
