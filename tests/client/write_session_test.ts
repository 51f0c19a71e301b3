import { assertEquals, assertRejects } from "@std/assert";
import { RequestScope } from "../../client/request_scope.ts";
import { SESSION_WINDOW, WriteSession, type WriteTicket } from "../../client/write_session.ts";
import { VirtualTime } from "./virtual_time.ts";

const open = () => Promise.resolve("s1");

async function take(session: WriteSession, scope: RequestScope): Promise<WriteTicket> {
  const ticket = await session.take(scope, open);
  if (ticket === null) throw new Error("The time ended before there was a ticket");
  return ticket;
}

function fill(session: WriteSession, scope: RequestScope): Promise<WriteTicket[]> {
  return Promise.all(Array.from({ length: SESSION_WINDOW }, () => take(session, scope)));
}

Deno.test("writes under way share one session and number themselves from 1", async () => {
  const time = new VirtualTime();
  const scope = new RequestScope(time, 1_000, []);
  const session = new WriteSession();
  let opened = 0;
  const slow = async () => {
    opened += 1;
    await new Promise<void>((resolve) => void time.after(100, resolve));
    return `s${opened}`;
  };
  const tickets = await time.run(
    Promise.all([1, 2, 3].map(() => session.take(scope, slow))),
  );
  assertEquals(tickets.map((ticket) => ticket?.idempotencyKey), ["s1/1", "s1/2", "s1/3"]);
  assertEquals(opened, 1);
});

Deno.test("if the one who opens the session fails, the next one opens it", async () => {
  const time = new VirtualTime();
  const session = new WriteSession();
  const scope = new RequestScope(time, 1_000, []);
  const failing = async () => {
    await new Promise<void>((resolve) => void time.after(100, resolve));
    throw new Error("No luck");
  };
  const first = session.take(scope, failing);
  const second = session.take(scope, open);
  await time.run(assertRejects(() => first, Error, "No luck"));
  assertEquals((await second)?.idempotencyKey, "s1/1");
});

Deno.test("no number is used that is 64 or more beyond one still unanswered", async () => {
  const time = new VirtualTime();
  const scope = new RequestScope(time, 1_000, []);
  const session = new WriteSession();
  const tickets = await fill(session, scope);
  const waiting = [take(session, scope), take(session, scope)];
  const keys: string[] = [];
  for (const each of waiting) each.then((ticket) => void keys.push(ticket.idempotencyKey));

  for (const ticket of tickets.slice(1)) ticket.release();
  await time.settle();
  assertEquals(keys, [], "number 1 still waits for its answer");
  tickets[0]?.release();
  await time.settle();
  assertEquals(keys, ["s1/65", "s1/66"]);
});

Deno.test("who gives up while waiting leaves the place to the next", async () => {
  const time = new VirtualTime();
  const patient = new RequestScope(time, 1_000, []);
  const session = new WriteSession();
  const [first] = await fill(session, patient);
  const giveUp = new AbortController();
  const impatient = new RequestScope(time, 1_000, [giveUp.signal]);
  const abandoned = session.take(impatient, open);
  const next = take(session, patient);
  giveUp.abort(new Error("Enough"));
  await assertRejects(() => abandoned, Error, "Enough");
  first?.release();
  assertEquals((await next).idempotencyKey, "s1/65");
});

Deno.test("a turn that comes in the moment of giving up is not lost", async () => {
  const time = new VirtualTime();
  const patient = new RequestScope(time, 1_000, []);
  const session = new WriteSession();
  const tickets = await fill(session, patient);
  const giveUp = new AbortController();
  const impatient = new RequestScope(time, 1_000, [giveUp.signal]);
  const abandoned = session.take(impatient, open);
  tickets[0]?.release();
  giveUp.abort(new Error("Enough"));
  await assertRejects(() => abandoned, Error, "Enough");
  for (const ticket of tickets) ticket.release();
  const full = await time.run(fill(session, patient));
  assertEquals(full.at(-1)?.idempotencyKey, "s1/129", "65 was granted, and is given back");
});

Deno.test("a wait in vain ends with the time", async () => {
  const time = new VirtualTime();
  const session = new WriteSession();
  await fill(session, new RequestScope(time, 1_000, []));
  const late = session.take(new RequestScope(time, 500, []), open);
  assertEquals(await time.run(late), null);
  assertEquals(time.nowMs(), 500);
});

Deno.test("a forgotten session sends everyone who waits to the new one", async () => {
  const time = new VirtualTime();
  const scope = new RequestScope(time, 1_000, []);
  const session = new WriteSession();
  await fill(session, scope);
  const waiting = session.take(scope, () => Promise.resolve("s2"));
  session.forget("s1");
  assertEquals((await waiting)?.idempotencyKey, "s2/1");
  session.forget("s1");
  assertEquals((await take(session, scope)).idempotencyKey, "s2/2", "the newer one stays");
});
