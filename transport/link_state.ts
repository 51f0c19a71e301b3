/**
 * The life of a link as a total table: every event has an answer in every phase. Pure; the socket
 * and the timers are driven by `peer_link.ts`.
 *
 * @module
 */

import { unreachable } from "@raftkv/core";

/** Which side of the pair this node is. Decided by the ids, for good. */
export type LinkRole = "dialer" | "acceptor";

/**
 * Where a link is in its life.
 * - `idle`: nothing under way. The acceptor waits here for the peer to dial.
 * - `dialing`: a socket is being connected. Dialer only, like the next two.
 * - `greeting`: the socket is connected, the handshake is under way.
 * - `waiting`: an attempt failed or a link broke; the next attempt is timed.
 * - `open`: messages flow.
 * - `closed`: the peer was removed or the mesh is closing. Final.
 */
export type LinkPhase = "idle" | "dialing" | "greeting" | "open" | "waiting" | "closed";

/**
 * What can happen to a link.
 * - `dial`: it is time to connect (at the start, or after a wait).
 * - `connected`: the socket is established.
 * - `greeted`: the dialer's handshake succeeded.
 * - `adopted`: a socket that the peer dialed has passed the handshake.
 * - `broke`: the attempt or the link failed, for whatever reason.
 * - `stop`: the link is no longer wanted.
 */
export type LinkEvent = "dial" | "connected" | "greeted" | "adopted" | "broke" | "stop";

/**
 * What to do on the way, in order.
 * - `connect`: dial a new socket. `greet`: begin the handshake on it.
 * - `drop`: let go of the timer, of the socket and of a handshake on it.
 * - `take`: make the adopted socket the link's own.
 * - `watch`: begin to read messages, and to listen for silence.
 * - `wait`: set the timer for the next attempt.
 * - `reportUp`, `reportDown`: tell the host that the link is up, or no longer is.
 * - `reportFailure`: tell the host that an attempt failed, unless it knows.
 */
export type LinkAction =
  | "connect"
  | "greet"
  | "drop"
  | "take"
  | "watch"
  | "wait"
  | "reportUp"
  | "reportDown"
  | "reportFailure";

/** Where an event leads, and what to do on the way. */
export interface LinkStep {
  /** The phase after the event. */
  readonly phase: LinkPhase;
  /** The actions in order; reports come last, when everything else is in place. */
  readonly actions: readonly LinkAction[];
}

/** The table: what `event` means to a link in `phase`. What means nothing there changes nothing. */
export function stepLink(role: LinkRole, phase: LinkPhase, event: LinkEvent): LinkStep {
  switch (phase) {
    case "idle":
      return stepIdle(role, event);
    case "dialing":
      if (event === "connected") return { phase: "greeting", actions: ["greet"] };
      return stepAttempt(phase, event);
    case "greeting":
      if (event === "greeted") return { phase: "open", actions: ["watch", "reportUp"] };
      return stepAttempt(phase, event);
    case "waiting":
      if (event === "dial") return { phase: "dialing", actions: ["connect"] };
      if (event === "stop") return { phase: "closed", actions: ["drop"] };
      return stay(phase);
    case "open":
      return stepOpen(role, event);
    case "closed":
      return stay(phase);
    default:
      return unreachable(phase);
  }
}

function stepIdle(role: LinkRole, event: LinkEvent): LinkStep {
  if (event === "stop") return { phase: "closed", actions: [] };
  if (role === "dialer" && event === "dial") return { phase: "dialing", actions: ["connect"] };
  if (role === "acceptor" && event === "adopted") {
    return { phase: "open", actions: ["take", "watch", "reportUp"] };
  }
  return stay("idle");
}

function stepAttempt(phase: LinkPhase, event: LinkEvent): LinkStep {
  if (event === "broke") return { phase: "waiting", actions: ["drop", "wait", "reportFailure"] };
  if (event === "stop") return { phase: "closed", actions: ["drop"] };
  return stay(phase);
}

function stepOpen(role: LinkRole, event: LinkEvent): LinkStep {
  if (event === "stop") return { phase: "closed", actions: ["drop"] };
  if (event === "broke") {
    return role === "dialer"
      ? { phase: "waiting", actions: ["drop", "wait", "reportDown"] }
      : { phase: "idle", actions: ["drop", "reportDown"] };
  }
  if (role === "acceptor" && event === "adopted") {
    // The peer would not dial again if its end of the old link lived. What was on its way there is
    // lost, so the host hears of both: a leader must probe again where it had streamed.
    return { phase: "open", actions: ["drop", "take", "watch", "reportDown", "reportUp"] };
  }
  return stay("open");
}

function stay(phase: LinkPhase): LinkStep {
  return { phase, actions: [] };
}
