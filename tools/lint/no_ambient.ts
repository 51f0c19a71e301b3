/**
 * No ambient world where the member's promise forbids it. One call to the wall clock in the core
 * and a failed simulation can no longer be replayed from its seed.
 *
 * @module
 */
import { type Member, placeOf } from "./place.ts";

const CLOCK = "Time is an argument here";
const CHANCE = "Chance comes from the injected generator (core/random.ts)";
const ANYWHERE = "core runs in any runtime: go through a port (core/ports.ts)";
const PORTABLE = "The client also runs in Node and in browsers";
const WITHIN = "A simulation has no world around it";
const ONE_DOOR = "Only storage/deno_vfs.ts touches the runtime, so that faults can stand in for it";

const TIMELESS: Readonly<Record<string, string>> = {
  performance: CLOCK,
  setTimeout: CLOCK,
  setInterval: CLOCK,
  setImmediate: CLOCK,
  crypto: CHANCE,
};

const BANNED: Readonly<Partial<Record<Member, Readonly<Record<string, string>>>>> = {
  core: {
    ...TIMELESS,
    Deno: ANYWHERE,
    process: ANYWHERE,
    console: ANYWHERE,
    fetch: ANYWHERE,
    globalThis: ANYWHERE,
  },
  sim: {
    ...TIMELESS,
    globalThis: CLOCK,
    Deno: WITHIN,
    process: WITHIN,
    fetch: WITHIN,
    console: WITHIN,
  },
  client: { Deno: PORTABLE, process: PORTABLE, Buffer: PORTABLE },
  storage: { Deno: ONE_DOOR },
};

/** Members whose every run must follow from its inputs. */
const DETERMINISTIC: ReadonlySet<Member> = new Set<Member>(["core", "sim"]);

const EXEMPT: ReadonlySet<string> = new Set(["storage/deno_vfs.ts"]);

/** Reports clocks, chance and runtimes that come from nowhere. */
export const noAmbient: Deno.lint.Rule = {
  create(context) {
    const { path, member } = placeOf(context.filename);
    if (member === null || EXEMPT.has(path)) return {};
    const banned = new Map(Object.entries(BANNED[member] ?? {}));
    const deterministic = DETERMINISTIC.has(member);

    return {
      Identifier(node) {
        const reason = banned.get(node.name);
        if (reason === undefined || isOnlyAName(node)) return;
        context.report({ node, message: `${reason}: ${node.name}` });
      },
      MemberExpression(node) {
        const text = context.sourceCode.getText(node);
        if (!deterministic) return;
        if (text === "Date.now") context.report({ node, message: `${CLOCK}: Date.now` });
        if (text === "Math.random") context.report({ node, message: `${CHANCE}: Math.random` });
      },
      NewExpression(node) {
        if (deterministic && node.arguments.length === 0 && isDate(node.callee)) {
          context.report({ node, message: `${CLOCK}: new Date()` });
        }
      },
      CallExpression(node) {
        if (deterministic && isDate(node.callee)) {
          context.report({ node, message: `${CLOCK}: Date()` });
        }
      },
    };
  },
};

function isDate(callee: Deno.lint.Node): boolean {
  return callee.type === "Identifier" && callee.name === "Date";
}

/** Whether the identifier names a member of something else, as in `clock.setTimeout`. */
function isOnlyAName(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  switch (parent.type) {
    case "MemberExpression":
      return !parent.computed && same(parent.property, node);
    case "Property":
      return !parent.computed && !parent.shorthand && same(parent.key, node);
    case "MethodDefinition":
    case "PropertyDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return !parent.computed && same(parent.key, node);
    default:
      return false;
  }
}

function same(one: Deno.lint.Node, other: Deno.lint.Node): boolean {
  return one.range[0] === other.range[0] && one.range[1] === other.range[1];
}
