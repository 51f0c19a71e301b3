/**
 * Nodes that join a cluster, leave it, and come back in ways they should and should not: real nodes
 * over real files and sockets, in one process.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { FailureBody, MemberJson, MembersAnswer, MembersBody } from "@raftkv/core/api";
import {
  JoinRefusedError,
  loadNodeConfig,
  type NodeEvent,
  NotAMemberError,
  type RunningNode,
  startNode,
} from "@raftkv/server";
import { Ports } from "../process/ports.ts";
import { until } from "../process/until.ts";

const SECRET = "a secret of the cluster";

/** What a node is started with, beside what all here have. */
interface Given {
  readonly flags?: Readonly<Record<string, string>>;
  readonly secret?: string;
  readonly signal?: AbortSignal;
}

/** Nodes of a test, and their directories: gone when it is over. */
class Nodes implements AsyncDisposable {
  readonly events: NodeEvent[] = [];
  readonly #root = Deno.makeTempDirSync({ prefix: "raftkv_" });
  readonly #running = new Set<RunningNode>();

  directory(name: string): string {
    return `${this.#root}/${name}`;
  }

  async start(name: string, { flags = {}, secret, signal }: Given = {}): Promise<RunningNode> {
    const config = loadNodeConfig({
      flags: {
        ...{ listen: "127.0.0.1:0", data: this.directory(name) },
        ...{ "heartbeat-ms": "20", "election-timeout-ms-min": "150" },
        ...{ "election-timeout-ms-max": "300" },
        ...flags,
      },
      env: secret === undefined ? {} : { RAFTKV_SECRET: secret },
      file: null,
    });
    const onEvent = (event: NodeEvent) => void this.events.push(event);
    const node = await startNode(config, { onEvent, ...signal === undefined ? {} : { signal } });
    this.#running.add(node);
    return node;
  }

  async join(name: string, to: RunningNode, flags: Given["flags"] = {}): Promise<RunningNode> {
    return await this.start(name, { flags: { join: to.url, ...flags } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((node) => node.close()));
    await Deno.remove(this.#root, { recursive: true });
  }
}

async function members({ url }: RunningNode): Promise<MembersAnswer> {
  const response = await fetch(`${url}/cluster/members`);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error.code);
  return body;
}

async function change(
  { url }: RunningNode,
  body: MembersBody,
): Promise<MembersAnswer & Partial<FailureBody>> {
  const init = { method: "POST", body: JSON.stringify(body) };
  for (;;) {
    const answer = await (await fetch(`${url}/cluster/members`, init)).json();
    if (answer.error?.code !== "change_in_progress") return answer;
  }
}

/** Waits until `asked` shows the node in this role. */
function inRole(asked: RunningNode, node: RunningNode, role: MemberJson["role"]): Promise<unknown> {
  return until(`${node.nodeId} to be a ${role}`, async () => {
    const found = (await members(asked)).members.find(({ id }) => id === node.nodeId);
    return found?.role === role && found.incarnation !== undefined;
  });
}

async function put({ url }: RunningNode, key: string): Promise<number> {
  const init = { method: "PUT", body: '{"value":1}' };
  const response = await fetch(`${url}/kv/${key}`, init);
  await response.body?.cancel();
  return response.status;
}

async function seen({ url }: RunningNode, key: string): Promise<boolean> {
  const response = await fetch(`${url}/kv/${key}?consistency=stale`);
  await response.body?.cancel();
  return response.ok;
}

Deno.test("a node joins with one URL under an id of its own, catches up, votes and serves", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  assertEquals(await put(first, "before"), 200);
  const second = await nodes.join("b", first);
  assertMatch(second.nodeId, /^n-[\da-f]{16}$/);
  await inRole(first, second, "voter");
  await until("it to have what was there before", () => seen(second, "before"));
  assertEquals(await put(second, "after"), 200);
  const third = await nodes.join("c", second);
  await inRole(second, third, "voter");
  assertEquals((await members(third)).members.length, 3);
  const kinds = nodes.events.map(({ kind }) => kind);
  assert(kinds.includes("joined") && kinds.includes("catching_up"));
  await until("it to say that it votes", () => nodes.events.some(({ kind }) => kind === "votes"));
});

Deno.test("a node that joined comes back by its directory, whoever it was told of", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  const second = await nodes.join("b", first);
  await inRole(first, second, "voter");
  const listen = new URL(second.url).host;
  await second.close();
  // Without a majority nobody serves: only if it is the same member again, the write can succeed.
  const again = await nodes.start("b", { flags: { listen } });
  assertEquals([again.nodeId, again.url], [second.nodeId, second.url]);
  await until("a write", async () => await put(again, "k") === 200);
  await again.close();
  const dead = "http://127.0.0.1:1";
  const misled = await nodes.start("b", { flags: { listen, join: dead } });
  await until("a write", async () => await put(misled, "k") === 200);
  assertEquals((await members(first)).members.length, 2);
});

Deno.test("a node that was stopped while it joined goes on where it was, as the same member", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  const { members: [own] } = await members(first);
  using ports = new Ports();
  const listen = `127.0.0.1:${ports.numbers[0]}`;
  // It has its place, and not one entry of the log.
  const url = `http://${listen}`;
  await change(first, { add: [{ url }] });
  const stop = new AbortController();
  const join = { join: "http://127.0.0.1:1", listen };
  const starting = nodes.start("b", { flags: join, signal: stop.signal });
  await until("it to try", () => nodes.events.some(({ kind }) => kind === "joining"));
  stop.abort(new Error("stopped"));
  await assertRejects(() => starting, Error, "stopped");
  const joined = await nodes.start("b", { flags: { ...join, join: first.url } });
  await inRole(first, joined, "voter");
  const { members: after } = await members(first);
  assertEquals(after.map((member) => member.url).sort(), [own!.url, url].sort());
});

Deno.test("a place is taken by one node only, and its URL by one member only", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  const second = await nodes.join("b", first);
  await inRole(first, second, "voter");
  const advertise = { advertise: second.url };
  const refused = await assertRejects(
    () => nodes.join("c", first, advertise),
    JoinRefusedError,
    `is the URL of member ${second.nodeId}`,
  );
  assert(refused.message.includes(`--replaces ${second.nodeId}`));
  const { error } = await change(first, { add: [{ url: second.url }] });
  assertEquals(error?.code, "already_member");
  assertEquals((await members(first)).members.length, 2);
});

Deno.test("two nodes that join at once both become members, under two ids", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  const [b, c] = await Promise.all([nodes.join("b", first), nodes.join("c", first)]);
  await Promise.all([inRole(first, b, "voter"), inRole(first, c, "voter")]);
  assertEquals(new Set([first, b, c].map(({ nodeId }) => nodeId)).size, 3);
});

Deno.test("a member that is removed ends and says so, the leader as well as a follower", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  const second = await nodes.join("b", first);
  const third = await nodes.join("c", first);
  await Promise.all([inRole(first, second, "voter"), inRole(first, third, "voter")]);
  await change(second, { remove: [third.nodeId] });
  const gone = await assertRejects(() => third.finished, NotAMemberError, "It was removed");
  assertEquals(gone.nodeId, third.nodeId);
  // The leader, asked through the other.
  const answer = await change(second, { remove: [first.nodeId] });
  assertEquals(answer.members?.map(({ id }) => id), [second.nodeId]);
  await assertRejects(() => first.finished, NotAMemberError, "It was removed");
  await until("the other to serve", async () => await put(second, "k") === 200);
  const { error } = await change(second, { remove: [second.nodeId] });
  assertEquals(error?.code, "no_voter_left");
});

Deno.test("a member that was removed while it was away is told so, and disturbs nobody", async () => {
  await using nodes = new Nodes();
  // All run in this process: one that gets no processor for an election timeout has another leader
  // afterwards, and not because of who comes back. That one is as hasty as can be.
  const steady = { "election-timeout-ms-min": "15000", "election-timeout-ms-max": "20000" };
  const first = await nodes.start("a", { flags: steady });
  const second = await nodes.join("b", first, steady);
  const third = await nodes.join("c", first);
  await Promise.all([inRole(first, second, "voter"), inRole(first, third, "voter")]);
  const listen = new URL(third.url).host;
  await third.close();
  await change(first, { remove: [third.nodeId] });
  const leader = async () => await (await fetch(`${first.url}/cluster/leader`)).json();
  const before = await leader();
  const back = await nodes.start("c", { flags: { listen } });
  await assertRejects(() => back.finished, NotAMemberError, "It was removed");
  assertEquals(await leader(), before);
});

Deno.test("a directory that was lost does not come back under the old id, but as a new node", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  const second = await nodes.join("b", first);
  const third = await nodes.join("c", first);
  await Promise.all([inRole(first, second, "voter"), inRole(first, third, "voter")]);
  const listen = new URL(third.url).host;
  await third.close();
  const again = { listen, join: first.url };
  await assertRejects(() => nodes.start("empty", { flags: again }), JoinRefusedError, "--replaces");
  const flags = { ...again, replaces: third.nodeId };
  const heir = await nodes.start("new", { flags });
  await inRole(first, heir, "voter");
  const expected = [first, second, heir].map(({ nodeId }) => nodeId).sort();
  await until("the old member to have left", async () => {
    const { joint, members: after } = await members(first);
    return !joint && after.map(({ id }) => id).join() === expected.join();
  });
});

Deno.test("a member that was away while all others were replaced comes back with one URL", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  const second = await nodes.join("b", first);
  const third = await nodes.join("c", first);
  await Promise.all([inRole(first, second, "voter"), inRole(first, third, "voter")]);
  const listen = new URL(third.url).host;
  await third.close();
  const fourth = await nodes.join("d", first, { replaces: first.nodeId });
  await assertRejects(() => first.finished, NotAMemberError);
  const fifth = await nodes.join("e", fourth, { replaces: second.nodeId });
  await assertRejects(() => second.finished, NotAMemberError);
  assertEquals(await put(fifth, "meanwhile"), 200);
  const back = await nodes.start("c", { flags: { listen, join: fifth.url } });
  await until("it to have what it missed", () => seen(back, "meanwhile"));
  assertEquals(await put(back, "k"), 200);
});

Deno.test("a founder that lost its directory ends instead of voting a second time", async () => {
  await using nodes = new Nodes();
  using ports = new Ports();
  const hosts = ports.numbers.slice(0, 3).map((port) => `127.0.0.1:${port}`);
  const cluster = hosts.map((host, at) => `n${at + 1}=http://${host}`).join(",");
  const flags = hosts.map((listen, at) => ({ id: `n${at + 1}`, listen, cluster }));
  const [a, , c] = await Promise.all(
    flags.map((each) => nodes.start(each.id, { flags: each })),
  ) as [RunningNode, RunningNode, RunningNode];
  await inRole(a, c, "voter");
  await c.close();
  const wiped = await nodes.start("n3-wiped", { flags: flags[2]! });
  await assertRejects(() => wiped.finished, NotAMemberError, "by another data directory");
  const back = await nodes.start("n3", { flags: flags[2]! });
  await until("it to serve", async () => await put(back, "k") === 200);
});

Deno.test("a directory of one cluster is none of another's", async () => {
  await using nodes = new Nodes();
  const one = await nodes.start("a");
  const other = await nodes.start("x", { flags: { id: "x1" } });
  const second = await nodes.join("b", one);
  await inRole(one, second, "voter");
  await second.close();
  const astray = await nodes.start("b", {
    flags: { join: other.url, listen: new URL(second.url).host },
  });
  await until("a write", async () => await put(astray, "k") === 200);
  assertEquals((await members(other)).members.length, 1);
});

Deno.test("a node with another secret joins nobody, and does so once it has the right one", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a", { secret: SECRET });
  const flags = { join: first.url };
  const stranger = await nodes.start("b", { flags, secret: `not ${SECRET}` });
  await until(
    "the refusal",
    () =>
      nodes.events.some((event) =>
        event.kind === "peer_down" && event.reason.includes("bad_proof")
      ),
  );
  const listen = new URL(stranger.url).host;
  await stranger.close();
  const friend = await nodes.start("b", { flags: { ...flags, listen }, secret: SECRET });
  assertEquals(friend.nodeId, stranger.nodeId);
  await inRole(first, friend, "voter");
});

Deno.test("what is no member, or no node at all, takes nobody in", async () => {
  await using nodes = new Nodes();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("<html>"),
  );
  const stop = new AbortController();
  const flags = { join: `http://127.0.0.1:${server.addr.port},http://127.0.0.1:1` };
  const starting = nodes.start("b", { flags, signal: stop.signal });
  await until(
    "both to have failed",
    () => nodes.events.filter(({ kind }) => kind === "joining").length >= 2,
  );
  stop.abort(new Error("enough"));
  await assertRejects(() => starting, Error, "enough");
  await server.shutdown();
  const problems = nodes.events.flatMap((each) => each.kind === "joining" ? each.problem : []);
  assert(problems.some((problem) => problem.includes("no node of RaftKV")), problems.join());
});

Deno.test("a place at a URL where nobody is costs nothing and can be given back", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  const { members: two } = await change(first, { add: [{ url: "http://127.0.0.1:1" }] });
  const place = two.find(({ role }) => role === "candidate");
  assertEquals(await put(first, "k"), 200);
  const promoted = await change(first, { promote: [place!.id] });
  assertEquals(promoted.error?.code, "not_caught_up");
  const { members: one } = await change(first, { remove: [place!.id] });
  assertEquals(one.length, 1);
});

Deno.test("a node that keeps its data in memory takes in no others", async () => {
  await using nodes = new Nodes();
  const memory = await nodes.start("a", { flags: { data: ":memory:" } });
  await until("it to lead", async () => await put(memory, "k") === 200);
  const body = JSON.stringify({ add: [{ url: "http://127.0.0.1:1" }] });
  const response = await fetch(`${memory.url}/cluster/members`, { method: "POST", body });
  const { error } = await response.json();
  assertEquals([response.status, error.outcome], [409, "not_applied"]);
  assertMatch(error.message, /in memory/);
  assertEquals((await members(memory)).members.length, 1);
});

Deno.test("a node alone that comes back at another address says so", async () => {
  await using nodes = new Nodes();
  const first = await nodes.start("a");
  await until("it to lead", async () => await put(first, "k") === 200);
  await first.close();
  const moved = await nodes.start("a");
  assert(moved.url !== first.url);
  await until("its members to show it", async () => {
    return (await members(moved)).members[0]?.url === moved.url;
  });
});

Deno.test("the leadership moves to a member and back, through whichever node is asked", async () => {
  await using nodes = new Nodes();
  // A hand-over has an election timeout to come about, on a busy machine too.
  const patient = { "election-timeout-ms-min": "5000", "election-timeout-ms-max": "6000" };
  const first = await nodes.start("a", { flags: patient });
  const second = await nodes.join("b", first, patient);
  await inRole(first, second, "voter");
  const move = async ({ url }: RunningNode, body: unknown) => {
    const init = { method: "POST", body: JSON.stringify(body) };
    return await (await fetch(`${url}/cluster/leader`, init)).json();
  };
  assertEquals((await move(first, { member: second.nodeId })).id, second.nodeId);
  assertEquals((await move(first, { member: second.nodeId })).id, second.nodeId);
  assertEquals((await move(first, { member: first.nodeId })).id, first.nodeId);
  assertEquals((await move(second, {})).id, second.nodeId);
  assertEquals((await move(second, { member: "n9" })).error.code, "member_not_found");
});
