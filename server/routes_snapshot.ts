/**
 * The whole state over HTTP: an online backup from any node.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import type { Hono } from "hono";
import type { NodeId } from "@raftkv/core/raft";
import { encodeBackup } from "@raftkv/storage/backup";
import type { KvPort } from "./kv_port.ts";
import { requestFields } from "./http_door.ts";
import { snapshot } from "./operations/cluster.ts";
import { TIMEOUT_MS_DEFAULT } from "./operations/fields.ts";
import { replyBytes } from "./reply.ts";
import { serveRoute } from "./routes.ts";

/** Serves `/v1/snapshot`. */
export function serveSnapshot(app: Hono, port: KvPort): void {
  const GET = (request: Request) => snapshotRoute(port, request);
  serveRoute(app, "/v1/snapshot", { port, methods: { GET } });
}

async function snapshotRoute(port: KvPort, request: Request): Promise<Response> {
  const { timeout = TIMEOUT_MS_DEFAULT } = snapshot.parse(await requestFields(request, snapshot));
  const { point, revision, slices } = await port.capture({ timeoutMs: timeout });
  const identity = { clusterId: port.clusterId, nodeId: port.nodeId as NodeId };
  const pieces = encodeBackup({ identity, takenAtMs: Date.now(), revision, point }, slices);
  const name = `raftkv-${port.clusterId}-${point.last.index}.backup`;
  return replyBytes(port, streamOf(pieces), {
    revision,
    headers: { "content-disposition": `attachment; filename="${name}"` },
  });
}

/** Makes a piece when the one before is taken: a slow client costs the node no memory. */
function streamOf(pieces: Iterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      // A fast client must not keep the node from everything else.
      await setImmediate();
      const { done, value } = pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      pieces.return?.();
    },
  }, { highWaterMark: 0 });
}
