// Run with `--v8-flags=--allow-natives-syntax,--expose-gc`: prints how many keys of a store V8 has
// taken among its names, first after everything a store does with keys, then after it was told to.

import { KEY_FIRST, KvStateMachine } from "@raftkv/core/kv";
import { del, Log, put } from "./apply.ts";

const KEYS = 100;
const isName = new Function("text", "return %IsInternalizedString(text)") as (t: string) => boolean;

const log = new Log();
const machine = new KvStateMachine();
const names = Array.from({ length: KEYS }, (_, at) => `a-key-of-its-own-${1_000 + at}`);
log.commit(machine, ...names.map((name) => put(name, "first")));
for (const name of names) log.commit(machine, put(name, "second"));
const nested = {
  kind: "commit",
  operations: [put(`a-key-of-its-own-${KEYS}`, "")],
  otherwise: [],
} as const;
log.commit(machine, nested, ...names.slice(0, 50).map(del), ...names.slice(50).map(del));
log.commit(machine, ...names.map((name) => put(name, "third")));
machine.eventsAt(machine.revision, () => true);
const page = machine.range({ start: KEY_FIRST, end: null, limit: 1_000, bytesMax: 1e9 });
const keys = page.records.map(({ key }) => key);
const counts = [countOfNames()];
const set = new Set(keys);
counts.push(countOfNames());
console.log(JSON.stringify({ counts, keys: set.size }));

/** Only a collection puts the name in the place of the string that became one. */
function countOfNames(): number {
  (globalThis as unknown as { gc: () => void }).gc();
  return keys.filter(isName).length;
}
