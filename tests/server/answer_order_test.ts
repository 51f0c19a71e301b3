import { assertEquals } from "@std/assert";
import type { Socket } from "node:net";
import { setImmediate } from "node:timers";
import { AnswerOrder } from "../../server/answer_order.ts";

/** A connection that notes when it is read and when it is not. */
function connection(): { readonly socket: Socket; readonly notes: string[] } {
  const notes: string[] = [];
  const socket = { pause: () => notes.push("pause"), resume: () => notes.push("resume") };
  return { socket: socket as unknown as Socket, notes };
}

Deno.test("answers of a connection go out one after the other, others' between them", async () => {
  const order = new AnswerOrder();
  const { socket } = connection();
  const answered: string[] = [];
  const noting = (what: string) => () => {
    answered.push(what);
    return Promise.resolve();
  };
  const first = Promise.withResolvers<void>();
  const answers = [
    order.inTurn(socket, () => first.promise),
    order.inTurn(socket, noting("second")),
    order.inTurn(socket, noting("third")),
  ];
  await order.inTurn(connection().socket, noting("another's"));
  setImmediate(() => answered.push("turn"));
  first.reject(new Error("It broke"));
  assertEquals((await Promise.allSettled(answers)).map(({ status }) => status), [
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
  assertEquals(answered, ["another's", "turn", "second", "third"]);
});

Deno.test("a connection on which much waits is read no further, until less does", async () => {
  const order = new AnswerOrder();
  const { socket, notes } = connection();
  const first = Promise.withResolvers<void>();
  const answers = [order.inTurn(socket, () => first.promise)];
  for (let n = 2; n <= 63; n++) answers.push(order.inTurn(socket, () => Promise.resolve()));
  assertEquals(notes, []);
  for (let n = 64; n <= 70; n++) answers.push(order.inTurn(socket, () => Promise.resolve()));
  assertEquals(notes, ["pause"]);
  first.resolve();
  await Promise.all(answers);
  assertEquals(notes, ["pause", "resume"]);
});
