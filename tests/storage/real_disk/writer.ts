/**
 * A process that writes to a store until it is ended, and says on standard output what was promised:
 * `holds N` once, when the store is open, `acked N` after each batch, `full` when the disk is, and
 * `failed REASON` before it ends because the store has.
 *
 * Its failpoints are the operations of the file system: `--die before|after:KIND:NUMBER` ends it with
 * SIGKILL around the so-manieth operation of a kind. The store itself knows nothing of that.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { StorageFullError, type Store } from "@raftkv/core";
import { openStore, type Vfs } from "@raftkv/storage";
import { denoVfs } from "../../../storage/deno_vfs.ts";
import {
  batchOf,
  entriesOf,
  hardStateOf,
  pointOf,
  slicesOf,
  stateOf,
} from "../../../storage/testing/fixtures.ts";
import { IDENTITY } from "../workload.ts";
import { dyingVfs, parseDeath } from "./dying_vfs.ts";

const flags = parseArgs(Deno.args, { string: ["die"] });
const death = flags.die === undefined ? null : parseDeath(flags.die);
const vfs: Vfs = death === null ? denoVfs : dyingVfs(denoVfs, death);

const store = await openStore(String(flags._[0]), { ...IDENTITY, vfs, segmentBytesMax: 4_000 });
await write(store);

/** Batch after batch; now and then a snapshot, and what it lets go of. */
async function write(store: Store): Promise<void> {
  const { base, entries } = store.recovered;
  assertEquals(entries, entriesOf(1, { first: base.index + 1, last: base.index + entries.length }));
  let last = base.index + entries.length;
  say(`holds ${last}`);
  for (let round = 1;; round++) {
    const next = last + 1 + round % 5;
    const batch = batchOf(entriesOf(1, { first: last + 1, last: next }), hardStateOf(1, "n1"));
    if (!await attempt(() => store.append(batch))) continue;
    last = next;
    say(`acked ${last}`);
    if (round % 9 > 0) continue;
    const saved = await attempt(() =>
      store.saveSnapshot(pointOf(last, 1), slicesOf(stateOf(last)))
    );
    if (saved) await attempt(() => store.compact(batch.entries[0]!.index));
  }
}

/** Does it; false if the disk was full. */
async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof StorageFullError)) {
      say(`failed ${(error as Error).message}`);
      Deno.exit(1);
    }
    say("full");
    await new Promise((resolve) => setTimeout(resolve, 5));
    return false;
  }
}

/** Synchronously: what was said is in the pipe, whatever happens to this process next. */
function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
