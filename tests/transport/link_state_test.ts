import { assertEquals } from "@std/assert";
import {
  type LinkEvent,
  type LinkPhase,
  type LinkRole,
  stepLink,
} from "../../transport/link_state.ts";

const ROLES: readonly LinkRole[] = ["dialer", "acceptor"];
const PHASES: readonly LinkPhase[] = ["idle", "dialing", "greeting", "open", "waiting", "closed"];
const EVENTS: readonly LinkEvent[] = ["dial", "connected", "greeted", "adopted", "broke", "stop"];

/** Every cell in which something happens; in all others the link stays as it is. */
const TABLE: Readonly<Record<string, string>> = {
  "dialer idle dial": "dialing: connect",
  "dialer idle stop": "closed:",
  "dialer dialing connected": "greeting: greet",
  "dialer dialing broke": "waiting: drop wait reportFailure",
  "dialer dialing stop": "closed: drop",
  "dialer greeting greeted": "open: watch reportUp",
  "dialer greeting broke": "waiting: drop wait reportFailure",
  "dialer greeting stop": "closed: drop",
  "dialer open broke": "waiting: drop wait reportDown",
  "dialer open stop": "closed: drop",
  "dialer waiting dial": "dialing: connect",
  "dialer waiting stop": "closed: drop",
  "acceptor idle adopted": "open: take watch reportUp",
  "acceptor idle stop": "closed:",
  "acceptor open adopted": "open: drop take watch reportDown reportUp",
  "acceptor open broke": "idle: drop reportDown",
  "acceptor open stop": "closed: drop",
};

/** The phases an acceptor can reach: it never dials. */
const REACHABLE: Readonly<Record<LinkRole, readonly LinkPhase[]>> = {
  dialer: PHASES,
  acceptor: ["idle", "open", "closed"],
};

function* cells(): Generator<{ role: LinkRole; phase: LinkPhase; event: LinkEvent }> {
  for (const role of ROLES) {
    for (const phase of REACHABLE[role]) {
      for (const event of EVENTS) yield { role, phase, event };
    }
  }
}

Deno.test("every event has the answer of the table in every phase", () => {
  for (const { role, phase, event } of cells()) {
    const step = stepLink(role, phase, event);
    const cell = `${role} ${phase} ${event}`;
    assertEquals(
      `${cell} -> ${step.phase}: ${step.actions.join(" ")}`.trimEnd(),
      `${cell} -> ${TABLE[cell] ?? `${phase}:`}`,
    );
  }
});

Deno.test("the phases a role can reach are the ones its events lead to", () => {
  for (const role of ROLES) {
    const reached = new Set<LinkPhase>(["idle"]);
    for (const phase of reached) {
      for (const event of EVENTS) reached.add(stepLink(role, phase, event).phase);
    }
    assertEquals([...reached].sort(), [...REACHABLE[role]].sort());
  }
});

Deno.test("a link reports up when it opens, and down when it breaks or is replaced", () => {
  for (const { role, phase, event } of cells()) {
    const { phase: next, actions } = stepLink(role, phase, event);
    const opens = next === "open" && actions.length > 0;
    const breaks = phase === "open" && event !== "stop" && actions.length > 0;
    assertEquals(actions.includes("reportUp"), opens, `${role} ${phase} ${event}`);
    assertEquals(actions.includes("reportDown"), breaks, `${role} ${phase} ${event}`);
  }
});

Deno.test("no phase with a socket or a timer is left without dropping them, but forwards", () => {
  const holding: readonly LinkPhase[] = ["dialing", "greeting", "open", "waiting"];
  const forwards = ["connected", "greeted", "dial"];
  for (const { role, phase, event } of cells()) {
    const { phase: next, actions } = stepLink(role, phase, event);
    if (next === phase || !holding.includes(phase) || forwards.includes(event)) continue;
    assertEquals(actions[0], "drop", `${role} ${phase} ${event}`);
  }
});

Deno.test("a closed link stays closed and does nothing", () => {
  for (const role of ROLES) {
    for (const event of EVENTS) {
      assertEquals(stepLink(role, "closed", event), { phase: "closed", actions: [] });
    }
  }
});
