import { assertEquals } from "@std/assert";
import { get, put, when } from "@raftkv/client";
import { Txn, type TxnFields } from "../../client/txn.ts";

function recording() {
  const sent: TxnFields[] = [];
  const txn = new Txn((fields) => {
    sent.push(fields);
    const responses = [{ put: { createRevision: 2, modRevision: 2, version: 1 } }];
    return Promise.resolve({ succeeded: true, responses, revision: 2 });
  }, { compares: [], then: [], else: [] });
  return { sent, txn };
}

Deno.test("a transaction in the making is a value: what is added makes another one", async () => {
  const { sent, txn } = recording();
  const guarded = txn.if(when("a").isMissing());
  await guarded.then(put("a", 1)).commit();
  await guarded.then(put("b", 1)).else(get("a")).commit();
  assertEquals(sent.map(({ compare }) => compare.length), [1, 1]);
  assertEquals(sent.map(({ failure }) => failure.length), [0, 1]);
});

Deno.test("plain JavaScript that awaits a transaction carries it out", async () => {
  const { sent, txn } = recording();
  const result = await (txn.then(put("a", 1)) as unknown as PromiseLike<{ revision: number }>);
  assertEquals([result.revision, sent.length], [2, 1]);
});
