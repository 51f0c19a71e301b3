import { assert, assertEquals, assertThrows } from "@std/assert";
import { LeaderCache } from "../../client/leader_cache.ts";

const A = "http://a:1";
const B = "http://b:1";
const C = "http://c:1";
const leaderFirst = { preference: "leader" } as const;
const anyone = { preference: "any" } as const;

Deno.test("clients with the same list start at different nodes", () => {
  assertEquals(new LeaderCache([A, B, C], 0).choose(0, leaderFirst), A);
  assertEquals(new LeaderCache([A, B, C], 0.5).choose(0, leaderFirst), B);
  assertEquals(new LeaderCache([A, B, C], 0.999).choose(0, leaderFirst), C);
});

Deno.test("a leader named by a node is preferred once its URL is known", () => {
  const cache = new LeaderCache([A, B, C], 0);
  cache.onAnswer(A, { nodeId: "n1", leaderId: "n2" });
  assert(cache.lacksLeaderUrl);
  assertEquals(cache.choose(0, leaderFirst), A);
  cache.onAnswer(B, { nodeId: "n2", leaderId: "n2" });
  assertEquals(cache.lacksLeaderUrl, false);
  assertEquals(cache.choose(0, leaderFirst), B);
});

Deno.test("reads that may be stale leave the leader alone", () => {
  const cache = new LeaderCache([A, B], 0);
  cache.onAnswer(B, { nodeId: "n2", leaderId: "n2" });
  assertEquals(cache.choose(0, leaderFirst), B);
  assertEquals(cache.choose(0, anyone), A);
});

Deno.test("an endpoint without an answer rests, longer each time in a row", () => {
  const cache = new LeaderCache([A, B], 0);
  cache.onSilence(A, 0);
  assertEquals(cache.choose(0, leaderFirst), B);
  cache.onSilence(B, 0);
  cache.onSilence(B, 0);
  assertEquals(cache.choose(400, leaderFirst), A, "both rest: the one that wakes first");
  assertEquals(cache.choose(999, leaderFirst), A, "the other rests twice as long");
});

Deno.test("a dead leader is forgotten until someone names it again", () => {
  const cache = new LeaderCache([A, B], 0);
  cache.onAnswer(B, { nodeId: "n2", leaderId: "n2" });
  cache.onSilence(B, 0);
  assertEquals(cache.choose(60_000, leaderFirst), A);
  cache.onAnswer(A, { nodeId: "n1", leaderId: "n2" });
  assertEquals(cache.choose(60_000, leaderFirst), B);
});

Deno.test("the endpoint that has just failed is tried again only if it is alone", () => {
  const two = new LeaderCache([A, B], 0);
  two.onAnswer(A, { nodeId: "n1", leaderId: "n1" });
  assertEquals(two.choose(0, { ...leaderFirst, avoid: A }), B);
  const one = new LeaderCache([A], 0);
  assertEquals(one.choose(0, { ...leaderFirst, avoid: A }), A);
});

Deno.test("a node that cannot serve hands over to the next one in turn", () => {
  const cache = new LeaderCache([A, B, C], 0);
  cache.onAnswer(A, { nodeId: "n1", leaderId: "n1" });
  cache.onUnavailable(A, { nodeId: "n1", leaderId: null });
  assertEquals(cache.choose(0, leaderFirst), B);
  assertEquals(cache.choose(0, anyone), B);
});

Deno.test("members that the cluster tells of are added once, and given URLs are kept", () => {
  const cache = new LeaderCache(["http://localhost:1"], 0);
  cache.onAnswer("http://localhost:1", { nodeId: "n1", leaderId: null });
  const members = [
    { id: "n1", url: "http://10.0.0.1:1/" },
    { id: "n2", url: "http://10.0.0.2:1/" },
    { id: "n3", url: "not a url" },
  ];
  cache.learnMembers(members, "n2");
  cache.learnMembers(members, "n2");
  assertEquals(cache.urls, ["http://localhost:1", "http://10.0.0.2:1"]);
  assertEquals(cache.choose(0, leaderFirst), "http://10.0.0.2:1");
});

Deno.test("endpoints must be http or https URLs, and there must be one", () => {
  assertThrows(() => new LeaderCache([], 0), TypeError, "No endpoint");
  assertThrows(() => new LeaderCache(["localhost:8001"], 0), TypeError, "localhost:8001");
  assertThrows(() => new LeaderCache(["ftp://x"], 0), TypeError, "ftp://x");
  assertEquals(new LeaderCache(["http://a:1/base/"], 0).urls, ["http://a:1/base"]);
});
