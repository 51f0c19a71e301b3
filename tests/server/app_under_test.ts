// The app over a fake node, with the few moves that tests of routes make.

import { assertEquals } from "@std/assert";
import type { FailureBody } from "@raftkv/core/api";
import type { CommitCommand } from "@raftkv/core/kv";
import { createApp } from "../../server/app.ts";
import { FakePort } from "./fake_port.ts";

export interface AppUnderTest {
  readonly port: FakePort;
  /** What the operator was told of. */
  readonly internalErrors: unknown[];
  readonly request: (path: string, init?: RequestInit) => Promise<Response>;
  readonly put: (path: string, body: BodyInit) => Promise<Response>;
}

export function appUnderTest(): AppUnderTest {
  const port = new FakePort();
  const internalErrors: unknown[] = [];
  const app = createApp(port, { onInternalError: (thrown) => internalErrors.push(thrown) });
  const request = async (path: string, init?: RequestInit) => await app.request(path, init);
  return {
    port,
    internalErrors,
    request,
    put: (path, body) => request(path, { method: "PUT", body }),
  };
}

/** Demands a failure with this code, and these details beside it, and returns its body. */
export async function assertFailure(
  response: Response,
  status: number,
  code: string,
  details: readonly string[] = [],
): Promise<FailureBody> {
  const body: FailureBody = await response.json();
  assertEquals([response.status, body.error?.code], [status, code]);
  const fields = ["code", "message", "outcome", "retryable", ...details];
  assertEquals(Object.keys(body.error).sort(), fields.sort());
  return body;
}

/** The key of a commit's first operation; empty if it has none. */
export function keyIn({ operations: [first] }: CommitCommand): string {
  return first !== undefined && "key" in first ? first.key : "";
}
