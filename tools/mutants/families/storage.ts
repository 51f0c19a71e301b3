/**
 * Bugs in what the disk keeps.
 *
 * @module
 */

import type { Excused, Mutant } from "../mutant.ts";

const CRASHES: Mutant["killer"] = {
  harness: "test",
  file: "storage/crash_states_test.ts",
  name: "every disk that a crash may leave",
};

/** All of them. */
export const STORAGE: readonly Mutant[] = [
  {
    row: "E6",
    bug: "a node whose term and vote are not found begins with term 0",
    file: "storage/recovery_plan.ts",
    anchor: "    hardState: segments.at(-1)!.scan.hardState!,",
    replacement: "    hardState: { term: 0 as never, votedFor: null },",
    killer: CRASHES,
  },
  {
    row: "S1",
    bug: "a new segment's name is not synced",
    file: "storage/segment_files.ts",
    anchor: "  await directory.sync();\n  const { sequence",
    replacement: "  const { sequence",
    killer: CRASHES,
  },
  {
    row: "S2",
    bug: "a new snapshot's name is not synced",
    file: "storage/snapshot_draft.ts",
    anchor: "    this.close();\n    await this.#directory.sync();",
    replacement: "    this.close();",
    killer: CRASHES,
  },
  {
    row: "S3",
    bug: "names that a killed process left un-synced are relied on",
    file: "storage/mend.ts",
    anchor: "  await directory.sync();\n  for (const name of plan.quarantined)",
    replacement: "  for (const name of plan.quarantined)",
    killer: CRASHES,
  },
  {
    row: "S4",
    bug: "term and vote become durable apart from the entries",
    file: "storage/wal.ts",
    anchor: "    await this.#write({ isLast: false });\n    this.#terms.put(batch.entries);",
    replacement: `    const { hardState } = batch;
    if (hardState !== null && batch.entries.length > 0) {
      this.#encode({ ...batch, hardState: null });
      await this.#write({ isLast: false });
      this.#terms.put(batch.entries);
      this.#encode({ ...batch, entries: [] });
    }
    await this.#write({ isLast: false });
    this.#terms.put(batch.entries);`,
    killer: CRASHES,
  },
  {
    row: "S5",
    bug: "a torn write keeps the node from starting",
    file: "storage/recovery.ts",
    anchor: 'verdict: { action: "cut" },',
    replacement: 'verdict: { action: "refuse", as: "damaged", reason: "Torn" },',
    killer: CRASHES,
  },
  {
    row: "S6",
    bug: "blank sectors at the end are taken for rot",
    file: "storage/segment_scan.ts",
    anchor: "const couldBeTorn = this.startBytes",
    replacement: 'const couldBeTorn = reason !== "Record has no type" && this.startBytes',
    killer: CRASHES,
  },
  {
    row: "S6",
    bug: "blank bytes within a batch are taken for the end of the log",
    file: "storage/segment_scan.ts",
    anchor: "return this.#batch.length === 0 && blankEnd",
    replacement: "return blankEnd",
    killer: {
      harness: "test",
      file: "storage/segment_scan_test.ts",
      name: "blank bytes behind the last batch",
    },
  },
  {
    row: "S7, S8, S15",
    bug: "one blank byte at the beginning of a batch hides all that follows",
    file: "storage/segment_scan.ts",
    anchor: "if (bytes[at] !== 0) return at;",
    replacement: "return bytes[at] !== 0 ? at : null;",
    killer: {
      harness: "test",
      file: "storage/corruption_sweep_test.ts",
      name: "a byte 0x00, anywhere",
    },
  },
  {
    row: "S7, S8, S15",
    bug: "a batch behind a seal passes for rot in blank room",
    file: "storage/segment_scan.ts",
    anchor:
      'const isWritten = commit !== undefined || typeof readFrame(bytes, this.#place) !== "string";',
    replacement: "const isWritten = commit !== undefined && commit === null;",
    killer: {
      harness: "test",
      file: "storage/segment_scan_test.ts",
      name: "a frame that holds good behind a seal",
    },
  },
  {
    row: "S7, S8, S15",
    bug: "rot in blank room behind a seal is taken for damage",
    file: "storage/segment_scan.ts",
    anchor: "    if (isWritten) return this.#contradiction(reason);",
    replacement: "    return this.#contradiction(reason);",
    killer: { harness: "sim", seeds: 60, rules: ["no node ends without a cause"] },
  },
  {
    row: "S14",
    bug: "blank room for which a full disk has no place fails the batch before it",
    file: "storage/wal.ts",
    anchor: "      // The batch is there, and so much",
    replacement: "      throw error;\n      // The batch is there, and so much",
    killer: {
      harness: "test",
      file: "storage/written_ahead_test.ts",
      name: "a disk with room for a batch",
    },
  },
  {
    row: "S7, S8, S15",
    bug: "rot in the middle is cut away as if it were a torn write",
    file: "storage/segment_scan.ts",
    anchor: "const gap = this.#isKnownDurable()",
    replacement: "const gap = this.#isKnownDurable() && offsetBytes < 0",
    killer: {
      harness: "test",
      file: "storage/corruption_sweep_test.ts",
      name: "a flipped bit, anywhere",
    },
  },
  {
    row: "S9",
    bug: "a damaged snapshot is removed instead of put aside",
    file: "storage/mend.ts",
    anchor: "await directory.rename(name, name + QUARANTINE_SUFFIX)",
    replacement: "await directory.remove(name)",
    killer: {
      harness: "test",
      file: "storage/corruption_test.ts",
      name: "a damaged newest snapshot gives way",
    },
  },
  {
    row: "S9",
    bug: "a snapshot's digest is not checked when the directory is opened",
    file: "storage/snapshot_survey.ts",
    anchor: 'digest.finish() === meta.digest ? "sound" : "damaged"',
    replacement: 'digest.finish() === "" ? "damaged" : "sound"',
    killer: {
      harness: "test",
      file: "storage/corruption_test.ts",
      name: "a damaged newest snapshot gives way",
    },
  },
  {
    row: "S10",
    bug: "a lost last segment looks like a crash in a rotation",
    file: "storage/recovery.ts",
    anchor: 'verdict: { action: "refuse", as: "lost", reason: "The segment after it is missing" }',
    replacement: 'verdict: { action: "keep" }',
    killer: {
      harness: "test",
      file: "storage/corruption_sweep_test.ts",
      name: "a lost segment is found",
    },
  },
  {
    row: "S11",
    bug: "a sync that failed is tried again",
    file: "storage/wal.ts",
    anchor: "    await file.syncData();\n    this.#end",
    replacement: "    await file.syncData().catch(() => file.syncData());\n    this.#end",
    killer: {
      harness: "test",
      file: "storage/failing_disk_test.ts",
      name: "no sync is tried again",
    },
  },
  {
    row: "S12",
    bug: "a batch is acknowledged before it is synced",
    file: "storage/wal.ts",
    anchor: "    await file.syncData();\n    this.#end",
    replacement: "    this.#end",
    killer: CRASHES,
  },
  {
    row: "S13",
    bug: "a segment gets its name before its bytes are synced",
    file: "storage/segment_files.ts",
    anchor: "    await file.syncData();\n    await directory.rename",
    replacement: "    await directory.rename",
    killer: CRASHES,
  },
  {
    row: "S10",
    bug: "a full segment is never sealed, so that nothing tells that another followed",
    file: "storage/wal.ts",
    anchor:
      "      await this.#write({ isLast: true });\n    } catch (error) {\n      next.file.close();",
    replacement: "    } catch (error) {\n      next.file.close();",
    killer: {
      harness: "test",
      file: "storage/corruption_sweep_test.ts",
      name: "a lost segment is found",
    },
  },
  {
    row: "S14",
    bug: "what a full disk took of a batch stays in the log",
    file: "storage/wal.ts",
    anchor: "      await file.truncate(offsetBytes);\n      await file.syncData();",
    replacement: "",
    killer: CRASHES,
  },
  {
    row: "S14",
    bug: "what a full disk took of a batch is cut, but the cut is not synced",
    file: "storage/wal.ts",
    anchor: "      await file.truncate(offsetBytes);\n      await file.syncData();",
    replacement: "      await file.truncate(offsetBytes);",
    killer: CRASHES,
  },
  {
    row: "S14",
    bug: "a full disk in an installation leaves a snapshot that the log does not follow",
    file: "storage/file_store.ts",
    anchor: "      await this.#snapshots.takeBack(last.index);",
    replacement: "",
    killer: {
      harness: "test",
      file: "storage/failing_disk_test.ts",
      name: "an installation that finds no room",
    },
  },
  {
    row: "S16",
    bug: "a crash in an installation leaves the old log in force behind the new snapshot",
    file: "storage/recovery.ts",
    anchor: 'verdict: { action: "replace" }',
    replacement: 'verdict: { action: "use" }',
    killer: CRASHES,
  },
  {
    row: "S17",
    bug: "entries that conflict with a received snapshot stay",
    file: "storage/file_store.ts",
    anchor: "    if (!logReaches) await this.#replaceLog(meta);",
    replacement: "",
    killer: CRASHES,
  },
  {
    row: "S18",
    bug: "a snapshot that could not be synced counts as saved",
    file: "storage/snapshot_draft.ts",
    anchor: "    await this.#file.syncData();\n    await this.#directory.rename",
    replacement:
      "    await this.#file.syncData().catch(() => {});\n    await this.#directory.rename",
    killer: {
      harness: "test",
      file: "storage/failing_disk_test.ts",
      name: "a failed sync of a snapshot",
    },
  },
  {
    row: "S19",
    bug: "the oldest snapshot is taken for the newest",
    file: "storage/snapshot_survey.ts",
    anchor: "b.index - a.index",
    replacement: "a.index - b.index",
    killer: CRASHES,
  },
  {
    row: "S21",
    bug: "the log is removed up to the newest snapshot, so that the older one is of no use",
    file: "storage/snapshot_files.ts",
    anchor: "this.#kept[KEPT_COUNT - 1]?.meta",
    replacement: "this.#kept[0]?.meta",
    killer: {
      harness: "test",
      file: "storage/store_contract_test.ts",
      name: "compaction keeps every entry",
    },
  },
  {
    row: "S21",
    bug: "a snapshot older than the log's beginning is taken for the state there",
    file: "storage/recovery.ts",
    anchor: 'verdict: { action: "pass" }',
    replacement: 'verdict: { action: "use" }',
    killer: {
      harness: "test",
      file: "storage/corruption_test.ts",
      name: "a snapshot older than the log's beginning",
    },
  },
  {
    row: "S22",
    bug: "a broken stub of a snapshot keeps the node from starting",
    file: "storage/recovery.ts",
    anchor: 'when: { content: "unreadable" },\n    verdict: { action: "skip" },',
    replacement: 'when: { content: "unreadable" },\n    verdict: { action: "refuse", reason: "" },',
    killer: { harness: "test", file: "storage/corruption_sweep_test.ts", name: "an end, anywhere" },
  },
  {
    row: "S24",
    bug: "a snapshot gets its name before its bytes are synced",
    file: "storage/snapshot_draft.ts",
    anchor: "    await this.#file.syncData();\n    await this.#directory.rename",
    replacement: "    await this.#directory.rename",
    killer: CRASHES,
  },
  {
    row: "S25",
    bug: "segments are removed without a sync between them",
    file: "storage/wal.ts",
    anchor: "      await this.#directory.sync();\n      this.#sealed.shift();",
    replacement: "      this.#sealed.shift();",
    killer: CRASHES,
  },
  {
    row: "S26",
    bug: "a file header's checksum is not compared",
    file: "storage/file_header.ts",
    anchor: "if (checksum !== checksumOf(bytes.subarray(0, fieldsEnd)))",
    replacement: "if (checksum !== checksum)",
    killer: {
      harness: "test",
      file: "storage/corruption_sweep_test.ts",
      name: "a byte 0x00, anywhere",
    },
  },
  {
    row: "S28",
    bug: "a snapshot of another history passes for one of this log",
    file: "storage/recovery_plan.ts",
    anchor: "log.termAt(last.index) === last.term",
    replacement: "log.termAt(last.index) !== null",
    killer: CRASHES,
  },
  {
    row: "S28",
    bug: "a directory of another node is opened",
    file: "storage/recovery_plan.ts",
    anchor: "owner !== null && !isSameNode(owner, identity)",
    replacement: "owner !== null && !isSameNode(owner, owner)",
    killer: {
      harness: "test",
      file: "storage/corruption_sweep_test.ts",
      name: "a file of another node or cluster",
    },
  },
  {
    row: "S30",
    bug: "others on the machine can read the files",
    file: "storage/deno_vfs.ts",
    anchor: "const FILE_MODE = 0o600;",
    replacement: "const FILE_MODE = 0o644;",
    killer: { harness: "test", file: "storage/open_store_test.ts", name: "for their owner alone" },
  },
  {
    row: "own 1",
    bug: "a torn tail is cut when the directory is opened, but the cut is not synced",
    file: "storage/mend.ts",
    anchor: "  await file.syncData();\n  if (action",
    replacement: '  if (action !== "cut") await file.syncData();\n  if (action',
    killer: CRASHES,
  },
  {
    row: "own 2",
    bug: "batches found after kill -9 are promised although they were never synced",
    file: "storage/mend.ts",
    anchor: "  await file.syncData();\n  if (action",
    replacement: '  if (action !== "keep") await file.syncData();\n  if (action',
    killer: CRASHES,
  },
];

/** Rows without a mutant. */
export const STORAGE_EXCUSED: readonly Excused[] = [];
