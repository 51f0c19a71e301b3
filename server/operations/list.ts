/**
 * The list of the first routes, each page of which shows the state of its own moment.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KEY_FIRST, prefixEnd } from "@raftkv/core/kv";
import { listAnswer } from "../answers.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { begun } from "../sliced_text.ts";
import { bound, consistency, integer, text, timeout } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { readAsk } from "./read.ts";

/** Lists keys by their prefix. */
export const list: Operation = operation({
  name: "list",
  summary: "Lists keys by their prefix; each page shows the state of its own moment.",
  query: {
    prefix: bound.optional(),
    limit: integer(1, LIMITS.listItemsMax).optional(),
    cursor: text.optional(),
    consistency,
    timeout,
  },
  failures: ["invalid_cursor"],
  ask: (request) => {
    const { prefix = KEY_FIRST, limit = LIMITS.listItemsDefault, cursor } = request;
    const after = cursor === undefined ? KEY_FIRST : decodeCursor(cursor, prefix);
    const range = { start: prefix, end: prefixEnd(prefix), after, limit };
    return readAsk(request, (reader) => {
      const { revision } = reader;
      const { records, next } = reader.range({ ...range, bytesMax: LIMITS.listBytesMax });
      const onward = next === null ? null : encodeCursor(prefix, next);
      const json = begun(listAnswer(records, { cursor: onward, revision }));
      return { json, revision };
    });
  },
});
