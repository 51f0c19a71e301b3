// The app over a fake node, with the few moves that tests of routes make.

import { assert, assertEquals } from "@std/assert";
import type { FailureBody } from "@raftkv/core/api";
import type { CommitCommand } from "@raftkv/core/kv";
import { createApp } from "../../server/app.ts";
import { failuresOf } from "../../server/openapi/document.ts";
import { type DocumentedRoute, ROUTES } from "../../server/openapi/routes.ts";
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
  const request = async (path: string, init?: RequestInit) => {
    const answer = await app.request(path, init);
    // A failure that a test put into the node may be of any kind.
    if (answer.status >= 400 && port.failure === null) {
      await assertDocumented(path, init?.method ?? "GET", answer.clone());
    }
    return answer;
  };
  return {
    port,
    internalErrors,
    request,
    put: (path, body) => request(path, { method: "PUT", body }),
  };
}

/** Demands that what a route failed with stands among its failures in the OpenAPI document. */
async function assertDocumented(target: string, method: string, answer: Response): Promise<void> {
  const path = target.split("?")[0] ?? "";
  const route = ROUTES.find((each) => each.method === method.toLowerCase() && matches(each, path));
  const body = await answer.json().catch(() => null);
  const code = body?.error?.code;
  if (route === undefined || code === undefined) return;
  assert(failuresOf(route).includes(code), `${method} ${path} fails with ${code}`);
}

function matches({ path }: DocumentedRoute, requested: string): boolean {
  const pattern = path.replace("{key}", ".*").replace("{lease}", "[^/]*");
  return new RegExp(`^${pattern}$`, "s").test(requested);
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
