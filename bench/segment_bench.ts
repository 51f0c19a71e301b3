/**
 * Whether segments should be written into files that are there already: an append of one batch and
 * its sync, at the end of a file that grows, and inside one that was written whole before.
 *
 * Run it with `deno bench --allow-read --allow-write bench/segment_bench.ts`. It works in the
 * directory for temporary files; `TMPDIR` names another disk.
 *
 * @module
 */

const BATCH_BYTES = 320;
const FILE_BYTES = 67_108_864;

const directory = await Deno.makeTempDir();
const growing = await Deno.open(`${directory}/growing`, { create: true, write: true });
const written = await Deno.open(`${directory}/written`, { create: true, write: true });
const block = crypto.getRandomValues(new Uint8Array(65_536));
for (let at = 0; at < FILE_BYTES; at += block.length) written.writeSync(block);
await written.sync();
written.seekSync(0, Deno.SeekMode.Start);

const batch = crypto.getRandomValues(new Uint8Array(BATCH_BYTES));

Deno.bench("append 320 B to a growing file and sync", { group: "segment", baseline: true }, () => {
  growing.writeSync(batch);
  growing.syncDataSync();
});

Deno.bench("write 320 B into a file that was written before and sync", { group: "segment" }, () => {
  written.writeSync(batch);
  written.syncDataSync();
});

globalThis.addEventListener("unload", () => {
  growing.close();
  written.close();
  Deno.removeSync(directory, { recursive: true });
});
