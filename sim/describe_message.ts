/**
 * A message between nodes in one line, for traces.
 *
 * @module
 */

import type { LogPosition, Message } from "@raftkv/core/raft";

/** The message as a person wants to see it: positions as term.index, payloads by their size. */
export function describeMessage(message: Message): string {
  switch (message.type) {
    case "pre_vote_request":
    case "vote_request":
      return `${head(message)} last ${place(message.last)}`;
    case "pre_vote_response":
    case "vote_response":
      return `${head(message)} ${message.granted ? "granted" : "refused"}`;
    case "append_request": {
      const { previous, entries, leaderCommit } = message;
      const last = entries.at(-1);
      const body = last === undefined ? "probe" : `${entries.length} to ${place(last)}`;
      return `${head(message)} after ${place(previous)} ${body} commit ${leaderCommit}`;
    }
    case "append_accepted":
      return `${head(message)} match ${message.matchIndex}`;
    case "append_rejected":
      return `${head(message)} at ${message.rejectedIndex} hint ${place(message.hint)}`;
    case "heartbeat_request":
      return `${head(message)} commit ${message.commitIndex} round ${message.round}`;
    case "heartbeat_response":
      return `${head(message)} round ${message.round}`;
    case "snapshot_request": {
      const { meta, offsetBytes, data } = message.chunk;
      return `${head(message)} of ${place(meta.last)} bytes ${offsetBytes}+${data.length}`;
    }
    case "snapshot_response": {
      const { index, nextOffsetBytes, installed } = message;
      return `${head(message)} of ${index} ${installed ? "installed" : `next ${nextOffsetBytes}`}`;
    }
    default:
      return describeOther(message);
  }
}

function describeOther(message: Message): string {
  const text = JSON.stringify(message, (key, value) => {
    if (key === "type") return undefined;
    return value instanceof Uint8Array ? `${value.length} bytes` : value;
  });
  return `${message.type} ${text.replaceAll(/["{}]/g, "").replaceAll(/[:,]/g, " ")}`;
}

function head({ type, term }: { readonly type: string; readonly term: number }): string {
  return `${type} term ${term}`;
}

function place({ index, term }: LogPosition): string {
  return `${term}.${index}`;
}
