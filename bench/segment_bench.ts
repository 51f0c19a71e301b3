/**
 * Why segments are written ahead: an append of one batch and its sync at the end of a file that
 * grows, and inside one that was written before; of one log alone, and of three logs at once on one
 * disk.
 *
 * Run it with `deno bench --allow-read --allow-write bench/segment_bench.ts`. It works in the
 * directory for temporary files; `TMPDIR` names another disk.
 *
 * @module
 */

const FILE_BYTES = 67_108_864;
const LOGS = [1, 2, 3];

const directory = await Deno.makeTempDir();
const growing = await Promise.all(LOGS.map((log) => open(`growing-${log}`)));
const written = await Promise.all(LOGS.map(async (log) => {
  const file = await open(`written-${log}`);
  const blank = new Uint8Array(65_536);
  for (let at = 0; at < FILE_BYTES; at += blank.length) file.writeSync(blank);
  await file.sync();
  file.seekSync(0, Deno.SeekMode.Start);
  return file;
}));

for (const sizeBytes of [320, 8_192]) {
  const batch = crypto.getRandomValues(new Uint8Array(sizeBytes));
  for (const count of [1, LOGS.length]) {
    const group = `${sizeBytes} B, ${count === 1 ? "one log" : `${count} logs at once`}`;
    Deno.bench(`${group}: the files grow`, { group, baseline: true }, async () => {
      await appendAndSync(growing.slice(0, count), batch);
    });
    Deno.bench(`${group}: the files were written before`, { group }, async () => {
      await appendAndSync(written.slice(0, count), batch);
    });
  }
}

async function appendAndSync(files: readonly Deno.FsFile[], batch: Uint8Array): Promise<void> {
  await Promise.all(files.map((file) => {
    file.writeSync(batch);
    return file.syncData();
  }));
}

async function open(name: string): Promise<Deno.FsFile> {
  return await Deno.open(`${directory}/${name}`, { create: true, write: true });
}

globalThis.addEventListener("unload", () => {
  for (const file of [...growing, ...written]) file.close();
  Deno.removeSync(directory, { recursive: true });
});
