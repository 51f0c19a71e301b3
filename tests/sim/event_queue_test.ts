import { assertEquals } from "@std/assert";
import { pcg32 } from "@raftkv/core";
import { EventQueue } from "@raftkv/sim";

Deno.test("events run in the order of their times, equal times in the order of scheduling", () => {
  const random = pcg32(7);
  const queue = new EventQueue();
  const planned: { atMs: number; order: number }[] = [];
  const ran: typeof planned = [];
  for (let order = 0; order < 500; order++) {
    const event = { atMs: Math.floor(random() * 20), order };
    planned.push(event);
    queue.after(event.atMs, () => ran.push(event));
  }
  while (queue.step());
  assertEquals(ran, planned.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order));
});

Deno.test("an event may schedule others, also for the same moment", () => {
  const queue = new EventQueue();
  const ran: string[] = [];
  queue.after(5, () => {
    ran.push(`first ${queue.nowMs}`);
    queue.after(0, () => ran.push(`then ${queue.nowMs}`));
    queue.after(-3, () => ran.push(`never back ${queue.nowMs}`));
  });
  queue.after(5, () => ran.push(`second ${queue.nowMs}`));
  while (queue.step());
  assertEquals(ran, ["first 5", "second 5", "then 5", "never back 5"]);
});

Deno.test("time passes up to the next event and never back", () => {
  const queue = new EventQueue();
  queue.after(10, () => {});
  queue.advanceTo(4);
  assertEquals(queue.nowMs, 4);
  queue.advanceTo(2);
  assertEquals(queue.nowMs, 4);
  queue.advanceTo(99);
  assertEquals([queue.nowMs, queue.nextMs], [10, 10]);
});
