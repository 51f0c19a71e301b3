import { assertEquals } from "@std/assert";
import { DEFAULT_WINDOWS, type LogIndex, type NodeId } from "@raftkv/core/raft";
import { Progress } from "../../../core/raft/progress.ts";
import { snapshot } from "../../support/raft_messages.ts";

const at = (index: number) => index as LogIndex;

function progress(windows: Partial<typeof DEFAULT_WINDOWS> = {}): Progress {
  return new Progress("n2" as NodeId, {
    nextIndex: at(10),
    nowMs: 0,
    windows: { ...DEFAULT_WINDOWS, ...windows },
  });
}

function replicating(windows: Partial<typeof DEFAULT_WINDOWS> = {}): Progress {
  const subject = progress(windows);
  subject.maybeAdvance(at(9), 0);
  subject.becomeReplicate();
  return subject;
}

const sent = { bytes: 10, nowMs: 0 };

//
Deno.test("a probe is one message at a time", () => {
  const subject = progress();
  assertEquals(subject.maySend(), true);
  subject.onSent(at(12), sent);
  assertEquals([subject.maySend(), subject.nextIndex], [false, 10]);
});

//
Deno.test("replication pipelines: what was sent is not sent again", () => {
  const subject = replicating();
  subject.onSent(at(12), sent);
  assertEquals([subject.maySend(), subject.nextIndex], [true, 13]);
});

//
Deno.test("the window is bounded in messages and reopens with acknowledgements", () => {
  const subject = replicating({ inFlightMessagesMax: 2 });
  subject.onSent(at(10), sent);
  subject.onSent(at(11), sent);
  assertEquals(subject.maySend(), false);
  subject.maybeAdvance(at(10), 0);
  assertEquals(subject.maySend(), true);
});

//
Deno.test("the window is bounded in bytes", () => {
  const subject = replicating({ inFlightBytesMax: 20 });
  subject.onSent(at(10), sent);
  assertEquals(subject.maySend(), true);
  subject.onSent(at(11), sent);
  assertEquals(subject.maySend(), false);
  subject.maybeAdvance(at(11), 0);
  assertEquals(subject.maySend(), true);
});

//
Deno.test("one acknowledgement answers everything sent before it", () => {
  const subject = replicating({ inFlightMessagesMax: 3 });
  for (const index of [10, 11, 12]) subject.onSent(at(index), sent);
  assertEquals(subject.maybeAdvance(at(12), 0), true);
  assertEquals([subject.isStuck(1), subject.matchIndex, subject.nextIndex], [false, 12, 13]);
});

//
Deno.test("the match index never goes back and stays below the next", () => {
  const subject = replicating();
  subject.maybeAdvance(at(12), 0);
  assertEquals(subject.maybeAdvance(at(11), 0), false);
  subject.becomeProbe(at(3));
  assertEquals([subject.matchIndex, subject.nextIndex], [12, 13]);
});

//
Deno.test("an append that stays unanswered is noticed", () => {
  const subject = replicating();
  subject.onSent(at(10), { bytes: 1, nowMs: 500 });
  assertEquals([subject.isStuck(500), subject.isStuck(501)], [false, true]);
});

//
Deno.test("an old append is not lost as long as acknowledgements come in", () => {
  const subject = replicating();
  for (const index of [10, 11]) subject.onSent(at(index), { bytes: 1, nowMs: 500 });
  subject.maybeAdvance(at(10), 900);
  assertEquals([subject.isStuck(900), subject.isStuck(901)], [false, true]);
});

//
Deno.test("each change of feed forgets the window", () => {
  for (
    const change of [
      (subject: Progress) => subject.becomeProbe(at(10)),
      (subject: Progress) => subject.becomeReplicate(),
      (subject: Progress) => subject.becomeSnapshot(snapshot([9, 1])),
    ]
  ) {
    const subject = replicating();
    subject.onSent(at(12), sent);
    change(subject);
    assertEquals(subject.isStuck(Infinity), false);
  }
});

//
Deno.test("no appends are sent beside a snapshot, which begins at its first byte", () => {
  const subject = replicating();
  subject.becomeSnapshot(snapshot([9, 1]));
  assertEquals(subject.maySend(), false);
  assertEquals(subject.feed.kind === "snapshot" && subject.feed.offsetBytes, 0);
});
