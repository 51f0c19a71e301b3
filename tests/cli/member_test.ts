/**
 * `raftkv member` and `raftkv move-leader`, against a cluster that does as it is told.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { type FailureCode, FAILURES, type MemberJson, type MembersBody } from "@raftkv/core/api";
import { type Given, raftkv, type Ran } from "./fake_surroundings.ts";

/** The doors of a cluster's membership, and nothing behind them. */
class FakeMembership implements AsyncDisposable {
  members: MemberJson[] = ["n1", "n2", "n3"].map((id) => ({
    id,
    url: `http://${id}.test:8001`,
    role: "voter",
    incarnation: "5eed",
  }));
  /** Every order that came. */
  readonly orders: unknown[] = [];
  /** Failures of the next orders, in turn. */
  failures: FailureCode[] = [];
  /** Called with each question for the status. */
  onStatus: () => void = () => {};
  appliedIndex = 0;
  readonly #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => this.#answer(request),
  );

  async run(args: readonly string[], given: Given = {}): Promise<Ran> {
    return await raftkv([...args, "--node", `http://127.0.0.1:${this.#server.addr.port}`], given);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const body = request.method === "POST" ? await request.json() : null;
    if (pathname === "/cluster/status") return this.#status();
    if (pathname !== "/cluster/members" && pathname !== "/cluster/leader") {
      return new Response(null, { status: 404 });
    }
    if (body !== null) {
      this.orders.push(body);
      const code = this.failures.shift();
      if (code !== undefined) return failed(code);
      if (pathname === "/cluster/members") this.#change(body);
    }
    return pathname === "/cluster/leader"
      ? Response.json({ id: body?.member ?? "n3", url: "http://n3.test:8001", term: 8 })
      : Response.json(this.#answerOf());
  }

  #answerOf() {
    const state = { index: 12, joint: false, committed: true };
    return { clusterId: "c1", leaderId: "n1", ...state, members: this.members };
  }

  #change({ add = [], replace = [], remove = [], promote = [] }: MembersBody): void {
    for (const { url, voter = true } of add) {
      this.members.push({ id: "n-4", url, role: voter ? "candidate" : "learner" });
    }
    for (const { id, url } of replace) {
      this.members.push({ id: "n-5", url, role: "candidate", replaces: id });
    }
    this.members = this.members.filter(({ id }) => !remove.includes(id))
      .map((member) => promote.includes(member.id) ? { ...member, role: "voter" } : member);
  }

  #status(): Response {
    this.onStatus();
    const nodes = this.members.map(({ id, url }) => ({
      id,
      url,
      reachable: true,
      commitIndex: 200,
      appliedIndex: id.startsWith("n-") ? this.appliedIndex : 200,
    }));
    return Response.json({ clusterId: "c1", nodeId: "n1", leaderId: "n1", term: 7, nodes });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function failed(code: FailureCode): Response {
  const { status, retryable, outcome, meaning } = FAILURES[code];
  return Response.json({ error: { code, message: meaning, retryable, outcome } }, { status });
}

Deno.test("the members are listed with what they are and what they wait for", async () => {
  await using cluster = new FakeMembership();
  await cluster.run(["member", "replace", "n2", "http://n5.test:8001"]);
  const { code, stdout } = await cluster.run(["member", "list"]);
  assertEquals([code, stdout], [
    0,
    "cluster c1, leader n1, members as of entry 12\n" +
    "MEMBER  URL                  ROLE\n" +
    "n1      http://n1.test:8001  voter\n" +
    "n2      http://n2.test:8001  voter\n" +
    "n3      http://n3.test:8001  voter\n" +
    "n-5     http://n5.test:8001  learner, votes once caught up, to replace n2, not started yet\n",
  ]);
  const json = await cluster.run(["member", "list", "--json"]);
  assertEquals(JSON.parse(json.stdout).members.length, 4);
});

Deno.test("each verb orders what its name says, and says what came of it", async () => {
  await using cluster = new FakeMembership();
  const said = async (...args: string[]) => (await cluster.run(["member", ...args])).stdout;
  assertMatch(
    await said("add", "http://n4.test:8001"),
    /^added n-4 at http:\/\/n4\.test:8001, without a vote until it has caught up\nstart it there: raftkv serve --join http:\/\/127\.0\.0\.1:\d+ --listen n4\.test:8001\n$/,
  );
  assertEquals(await said("promote", "n-4"), "n-4 votes; 4 voters in all\n");
  assertEquals(
    await said("remove", "n3", "--expected-index", "12"),
    "removed n3; 3 voters are left\n",
  );
  assertMatch(await said("replace", "n2", "http://n5.test:8001"), /^added n-5 at /);
  assertMatch(await said("add", "http://n6.test:8001", "--learner"), / as a learner\n/);
  assertEquals(
    await said("move", "n1", "http://n7.test:8001"),
    "n1 is reached at http://n7.test:8001\n",
  );
  assertEquals(cluster.orders, [
    { add: [{ url: "http://n4.test:8001", voter: true }] },
    { promote: ["n-4"] },
    { remove: ["n3"], expectedIndex: 12 },
    { replace: [{ id: "n2", url: "http://n5.test:8001" }] },
    { add: [{ url: "http://n6.test:8001", voter: false }] },
    { move: [{ id: "n1", url: "http://n7.test:8001" }] },
  ]);
});

Deno.test("--wait shows how far a newcomer has come, and ends when it votes", async () => {
  await using cluster = new FakeMembership();
  cluster.onStatus = () => {
    cluster.appliedIndex += 100;
    if (cluster.appliedIndex < 300) return;
    cluster.members = cluster.members.map((member) => ({ ...member, role: "voter" }));
  };
  const args = ["member", "add", "http://n4.test:8001", "--wait"];
  const { code, stdout, stderr } = await cluster.run(args, { isTerminal: true });
  assertEquals([code, stdout], [0, "n-4 votes; 4 voters in all\n"]);
  assertMatch(stderr, /n-4: catches up, 50% of 200 entries.*n-4: catches up, 100% of 200 entries/s);
});

Deno.test("--wait ends with --timeout, and the newcomer stays a member", async () => {
  await using cluster = new FakeMembership();
  const args = ["member", "add", "http://n4.test:8001", "--wait", "--timeout", "400ms", "--json"];
  const { code, stderr } = await cluster.run(args);
  const { error } = JSON.parse(stderr);
  assertEquals([code, error.code], [1, "not_caught_up"]);
  assertEquals(cluster.members.length, 4);
});

Deno.test("what was certainly refused for now is tried again, and nothing else is", async () => {
  await using cluster = new FakeMembership();
  cluster.failures = ["change_in_progress", "no_leader"];
  assertEquals((await cluster.run(["member", "remove", "n3"])).code, 0);
  assertEquals(cluster.orders.length, 3);
  cluster.orders.length = 0;
  const codes: readonly (readonly [FailureCode, number])[] = [
    ["configuration_changed", 1],
    ["already_member", 1],
    ["no_voter_left", 1],
    ["member_not_found", 4],
    ["timeout", 3],
    ["leadership_lost", 3],
  ];
  for (const [failure, exitCode] of codes) {
    cluster.failures = [failure];
    const { code, stderr } = await cluster.run(["member", "remove", "n2", "--json"]);
    assertEquals([code, JSON.parse(stderr).error.code], [exitCode, failure]);
  }
  assertEquals(cluster.orders.length, codes.length);
});

Deno.test("a line that makes no sense orders nothing", async () => {
  await using cluster = new FakeMembership();
  const wrong = [
    ["member"],
    ["member", "ad", "http://n4.test"],
    ["member", "add"],
    ["member", "add", "n4.test:8001"],
    ["member", "add", "http://n4.test", "http://n5.test"],
    ["member", "list", "n1"],
    ["member", "remove"],
    ["member", "replace", "n2"],
    ["member", "remove", "n2", "--expected-index", "soon"],
    ["member", "remove", "n2", "--learner"],
    ["member", "remove", "n2", "--wait"],
    ["member", "move", "n2", "http://n5.test", "--learner"],
    ["member", "promote", "n2", "--learner"],
    ["member", "list", "--learner"],
    ["member", "add", "http://n4.test", "--learner", "--wait"],
    ["member", "list", "--wait"],
    ["member", "list", "--expected-index", "99"],
    ["member", "add", "http://n4.test:0"],
    ["member", "add", "http://0.0.0.0:8001"],
    ["member", "replace", "n2", "http://[::]:8001"],
    ["member", "move", "n2", "http://n5.test/path"],
    ["move-leader", "n1", "n2"],
  ];
  for (const args of wrong) assertEquals((await cluster.run(args)).code, 2, args.join(" "));
  assertEquals(cluster.orders, []);
});

Deno.test("--wait keeps to --expected-index", async () => {
  await using cluster = new FakeMembership();
  await cluster.run(["member", "promote", "n3", "--wait", "--expected-index", "12"]);
  assertEquals(cluster.orders, [{ promote: ["n3"], expectedIndex: 12 }]);
});

Deno.test("the leadership goes to a member, or to anyone", async () => {
  await using cluster = new FakeMembership();
  assertEquals((await cluster.run(["move-leader", "n2"])).stdout, "n2 leads in term 8\n");
  assertEquals((await cluster.run(["move-leader"])).stdout, "n3 leads in term 8\n");
  assertEquals(cluster.orders, [{ member: "n2" }, {}]);
  cluster.failures = ["not_a_voter"];
  const { code, stderr } = await cluster.run(["move-leader", "n2"]);
  assertEquals([code, stderr], [1, `error: ${FAILURES.not_a_voter.meaning}\n`]);
});
