import { assertEquals, assertMatch } from "@std/assert";
import type { FailureCode } from "@raftkv/core/api";
import { KvFailure } from "@raftkv/core/api";
import { configurationOf, type NodeId } from "@raftkv/core/raft";
import { appUnderTest, assertFailure } from "./app_under_test.ts";

const id = (name: string) => name as NodeId;

/** Posts a body to `/cluster/members`; returns the app too, to look at what came of it. */
async function post(body: unknown, query = "") {
  const app = appUnderTest();
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = { method: "POST", body: text };
  return { ...app, answer: await app.request(`/cluster/members${query}`, init) };
}

Deno.test("the members are listed with their roles, and with where their configuration stands", async () => {
  const { port, request } = appUnderTest();
  const members = ["n1", "n2", "n3", "n4"].map((name) => ({
    id: id(name),
    url: `http://${name}.test:8001`,
    ...name === "n2" ? { incarnation: "5eed" } : {},
  }));
  port.configuration = {
    ...configurationOf(members),
    voters: [id("n2")],
    votersOutgoing: [id("n1"), id("n2")],
    learners: [id("n3"), id("n4")],
    candidates: [{ id: id("n4"), replaces: id("n2") }],
  };
  const answer = await request("/cluster/members?timeout=2s");
  assertEquals(await answer.json(), {
    clusterId: "test-cluster",
    leaderId: "n2",
    index: 12,
    joint: true,
    committed: true,
    members: [
      { id: "n1", url: "http://n1.test:8001", role: "leaving" },
      { id: "n2", url: "http://n2.test:8001", role: "voter", incarnation: "5eed" },
      { id: "n3", url: "http://n3.test:8001", role: "learner" },
      { id: "n4", url: "http://n4.test:8001", role: "candidate", replaces: "n2" },
    ],
  });
  await request("/cluster/members?consistency=stale");
  assertEquals(port.reads, [
    { consistency: "linearizable", timeoutMs: 2_000 },
    { consistency: "stale", timeoutMs: 5_000 },
  ]);
});

Deno.test("one body changes any number of members, and new ones get ids of their own", async () => {
  const { answer, port } = await post({
    add: [{ url: "http://n4.test:8001/" }, { url: "http://n5.test:8001", voter: false }],
    replace: [{ id: "n2", url: "http://n2.test:8001" }],
    remove: ["n3"],
    promote: ["n6"],
    move: [{ id: "n1", url: "https://elsewhere.test" }],
    expectedIndex: 12,
  }, "?timeout=9s");
  const { index, joint, committed } = await answer.json();
  assertEquals([answer.status, index, joint, committed], [200, 13, false, true]);
  const [order] = port.orders as [{ change: { add: { id: string }[] } }];
  const ids = order.change.add.map((each) => each.id);
  for (const each of ids) assertMatch(each, /^n-[\da-f]{16}$/);
  assertEquals(new Set(ids).size, 3);
  assertEquals(order, {
    change: {
      add: [
        { id: ids[0]!, url: "http://n4.test:8001", votes: true, replaces: null },
        { id: ids[1]!, url: "http://n5.test:8001", votes: false, replaces: null },
        { id: ids[2]!, url: "http://n2.test:8001", votes: true, replaces: "n2" },
      ],
      remove: ["n3"],
      promote: ["n6"],
      move: [{ id: "n1", url: "https://elsewhere.test" }],
    },
    expectedIndex: 12,
    timeoutMs: 9_000,
  } as unknown);
});

Deno.test("a body that is none changes nothing", async () => {
  const url = "http://n4.test:8001";
  const wrong: readonly unknown[] = [
    [],
    "null",
    { added: [] },
    { add: {} },
    { add: [url] },
    { add: [{ url, id: "n4" }] },
    { add: [{}] },
    { add: [{ url: 8001 }] },
    { add: [{ url: "n4.test:8001" }] },
    { add: [{ url: `${url}/path` }] },
    { add: [{ url: "http://n4.test:0" }] },
    { add: [{ url: "http://0.0.0.0:8001" }] },
    { add: [{ url: "http://0:8001" }] },
    { replace: [{ id: "n2", url: "http://[::]:8001" }] },
    { move: [{ id: "n2", url: "https://[::ffff:0.0.0.0]:8001" }] },
    { add: [{ url: `http://${"n".repeat(600)}.test` }] },
    { add: [{ url, voter: "yes" }] },
    { add: [{ url, replaces: "n2" }] },
    { replace: [{ url }] },
    { replace: [{ id: "n2" }] },
    { replace: [{ id: "n 2", url }] },
    { replace: [{ id: "n2", url, voter: true }] },
    { remove: "n3" },
    { remove: [3] },
    { remove: [""] },
    { remove: ["n3", "n3"] },
    { remove: ["n3"], promote: ["n3"] },
    { remove: ["n2"], replace: [{ id: "n2", url }] },
    { promote: ["n".repeat(65)] },
    { move: [{ id: "n2" }] },
    { move: [{ id: "n2", url }, { id: "n2", url: "http://n5.test" }] },
    { remove: ["n3"], expectedIndex: -1 },
    { remove: ["n3"], expectedIndex: 1.5 },
    { remove: ["n3"], expectedIndex: null },
    { remove: Array.from({ length: 65 }, (_, at) => `x${at}`) },
  ];
  for (const body of wrong) {
    const { answer, port } = await post(body);
    await assertFailure(answer, 400, "invalid_body");
    assertEquals(port.orders, [], JSON.stringify(body));
  }
  for (const text of ["", "{", "{remove:[]}"]) {
    const { answer, port } = await post(text);
    await assertFailure(answer, 400, "invalid_json");
    assertEquals(port.orders, []);
  }
  const query = await post({ remove: ["n3"] }, "?force=true");
  await assertFailure(query.answer, 400, "invalid_argument");
  const large = await post(`{"remove":["${"n".repeat(1_600_000)}"]}`);
  await assertFailure(large.answer, 413, "body_too_large");
  assertEquals([...query.port.orders, ...large.port.orders], []);
});

Deno.test("each refusal has its code, its status and its outcome", async () => {
  const refusals: readonly (readonly [FailureCode, number, boolean])[] = [
    ["nothing_to_change", 400, false],
    ["member_not_found", 404, false],
    ["change_in_progress", 409, true],
    ["configuration_changed", 409, false],
    ["already_member", 409, false],
    ["not_a_learner", 409, false],
    ["not_caught_up", 409, true],
    ["not_a_voter", 409, false],
    ["no_voter_left", 409, false],
    ["voters_unreachable", 409, true],
    ["no_heir", 503, true],
    ["not_taken_over", 503, true],
  ];
  const { port, request } = appUnderTest();
  for (const [code, status, retryable] of refusals) {
    port.failure = new KvFailure(code);
    for (const path of ["/cluster/members", "/cluster/leader"]) {
      const answer = await request(path, { method: "POST", body: "{}" });
      const { error } = await assertFailure(answer, status, code);
      assertEquals([error.retryable, error.outcome], [retryable, "not_applied"], code);
    }
  }
});

Deno.test("the leadership is handed over to a member or to anyone, and the new leader named", async () => {
  const { port, request } = appUnderTest();
  const move = (body: string) => request("/cluster/leader?timeout=3s", { method: "POST", body });
  const named = await move('{"member":"n3"}');
  assertEquals(await named.json(), { id: "n3", url: "http://n3.test:8001", term: 8 });
  assertEquals((await move("{}")).status, 200);
  assertEquals(port.orders, [
    { target: "n3", timeoutMs: 3_000 },
    { target: null, timeoutMs: 3_000 },
  ]);
  for (const body of ['{"member":7}', '{"member":""}', '{"to":"n3"}', "[]"]) {
    await assertFailure(await move(body), 400, "invalid_body");
  }
  assertEquals(port.orders.length, 2);
});

Deno.test("a hand-over that another member won is told as what it is", async () => {
  const { port, request } = appUnderTest();
  port.heir = "n2";
  const answer = await request("/cluster/leader", { method: "POST", body: '{"member":"n3"}' });
  const { error } = await assertFailure(answer, 503, "not_taken_over");
  assertEquals([error.message, error.outcome], [
    "n2 won the election in term 8, and leads.",
    "unknown",
  ]);
});
