/**
 * What is known beforehand of the blocks: what they print and leave in the store, which of them go on
 * for ever, and which are run elsewhere. Of what is not here is known that it prints nothing, if it is
 * a program. Everything ends well.
 *
 * @module
 */

/** What is known of a TypeScript program. */
export interface ExpectedProgram {
  /** The document it stands in. */
  readonly document: string;
  /** A piece of it that no other block of the document has. */
  readonly has: string;
  /** All that it prints, up to when it is ended if it goes on for ever; nothing if not given. */
  readonly prints?: RegExp;
  /** A key that it writes. */
  readonly leaves?: string;
  /** Whether it goes on for ever: then it is ended once it has done the above. */
  readonly isEndless?: true;
}

/** Programs that do what can be seen. */
export const PROGRAMS: readonly ExpectedProgram[] = [
  { document: "README.md", has: "lock.token", prints: /^postgres\.internal\n\d+\n$/ },
  { document: "docs/index.md", has: 'kv.get("db.host")', prints: /^postgres\.internal\n$/ },
  {
    document: "docs/index.md",
    has: "lock.held()",
    prints: /^mine, with token \d+\ntrue\n$/,
    leaves: "invoices/last",
  },
  {
    document: "docs/guides/configuration.md",
    has: "kv.watch(",
    prints: /^\d+ Map\(1\) \{ "config\/version" => 4 \}\n$/,
    isEndless: true,
  },
  { document: "docs/guides/configuration.md", has: "kv.collection(", leaves: "tenants/acme" },
  { document: "docs/guides/configuration.md", has: "somebody was faster", leaves: "config/db" },
  { document: "docs/guides/lock.md", has: "lock.held()", leaves: "invoices/last" },
  {
    document: "docs/guides/election.md",
    has: "kv.elect(",
    leaves: "cron/last-run",
    isEndless: true,
  },
  {
    document: "docs/guides/services.md",
    has: "kv.watch<",
    prints: /^reset\n$/,
    isEndless: true,
  },
  { document: "docs/guides/state-machine.md", has: "openMachine", prints: /^70\n130\n$/ },
  { document: "mod.ts", has: "RaftKV.open()", prints: /^RaftKV\n$/ },
  {
    document: "mod.ts",
    has: "lock.token",
    prints: /^no earlier holder has as great a token as \d+\n$/,
  },
  {
    document: "server/mod.ts",
    has: "startNode",
    prints: /^http:\/\/127\.0\.0\.1:\d+\n$/,
  },
  { document: "client/mod.ts", has: "kv.get(", leaves: "db.host" },
  { document: "client/txn.ts", has: "claimed.succeeded", leaves: "jobs/7/owner" },
  { document: "embed/mod.ts", has: "RaftKV.open()", prints: /^RaftKV\n$/ },
];

/** What is known of commands. */
export interface ExpectedCommand {
  /** How they begin. */
  readonly begins: string;
  /** What they print until they are ended, if they go on for ever. */
  readonly endlessUntil?: RegExp;
  /** The file that runs them instead, or has what they are about, and a text in it that shows that. */
  readonly elsewhere?: { readonly file: string; readonly says: string };
}

/** Commands that go on for ever, or cannot be run beside the others. */
export const COMMANDS: readonly ExpectedCommand[] = [
  { begins: "curl -N 'http", endlessUntil: /^event: bookmark\nid: \d+\n/ },
  { begins: "curl -N -H", endlessUntil: /^\{"type":"bookmark",/ },
  {
    begins: "deno eval '",
    endlessUntil: /^\{"type":"hello",.*\n\{"id":1,"result":\{"key":"name",/,
  },
  // It takes the ports that a person would have it take.
  {
    begins: "npx deno task cluster",
    elsewhere: {
      file: "tests/process/cluster_test.ts",
      says: "task(args, { isGroupLeader: true })",
    },
  },
  // It is what runs this.
  {
    begins: "npx deno task test",
    elsewhere: { file: ".ci/run", says: "npx --yes deno@2.9.6 task --quiet test" },
  },
  // It asks the registry, which no test does.
  {
    begins: "deno add jsr:@raftkv/client",
    elsewhere: { file: "client/deno.json", says: '"name": "@raftkv/client"' },
  },
];
