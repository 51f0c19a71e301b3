/**
 * The document of the interface, for programs and for people.
 *
 * @module
 */

import type { Hono } from "hono";
import { requestFields } from "../http_door.ts";
import type { KvPort } from "../kv_port.ts";
import { form } from "../operations/operation.ts";
import { reply, replyText } from "../reply.ts";
import { serveRoute } from "../routes.ts";
import { type OpenApiDocument, openApiDocument } from "./document.ts";
import { referencePage } from "./reference_page.ts";

/** Serves `/openapi.json` and `/reference`. */
export function serveOpenApi(app: Hono, port: KvPort): void {
  // Made when somebody asks: a node's start does not wait for it.
  let made: Promise<OpenApiDocument> | undefined;
  let page: string | undefined;
  const document = () => made ??= openApiDocument();
  serveRoute(app, "/openapi.json", {
    port,
    methods: {
      GET: async (request) => {
        await requestFields(request, NOTHING);
        return reply(port, JSON.stringify(await document()));
      },
    },
  });
  serveRoute(app, "/reference", {
    port,
    methods: {
      GET: async (request) => {
        await requestFields(request, NOTHING);
        return replyText(port, page ??= referencePage(await document()), {
          type: "text/html; charset=utf-8",
          headers: { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" },
        });
      },
    },
  });
}

const NOTHING = form({ name: "document", summary: "Takes nothing." });
