/**
 * Two positional arguments, then an options object. A call with three values in a row is where two
 * of the same type get swapped and nobody notices.
 *
 * @module
 */
import { isProduction, placeOf } from "./place.ts";

const POSITIONAL_MAX = 2;

/** Types whose values say nothing about what they mean. */
const ANONYMOUS: ReadonlySet<string> = new Set([
  "TSStringKeyword",
  "TSNumberKeyword",
  "TSBooleanKeyword",
  "TSBigIntKeyword",
]);

/** Reports exported functions with too many positional arguments. */
export const positionalArguments: Deno.lint.Rule = {
  create(context) {
    if (!isProduction(placeOf(context.filename))) return {};

    return {
      "ExportNamedDeclaration > FunctionDeclaration"(node: Deno.lint.FunctionDeclaration) {
        const [last, ...beyond] = node.params.slice(POSITIONAL_MAX);
        if (last === undefined || (beyond.length === 0 && !isAnonymous(last))) return;
        context.report({
          node: node.id ?? node,
          message: "At most two positional arguments, then an options object",
        });
      },
    };
  },
};

function isAnonymous(parameter: Deno.lint.Parameter): boolean {
  switch (parameter.type) {
    case "Identifier":
      return ANONYMOUS.has(parameter.typeAnnotation?.typeAnnotation.type ?? "");
    case "AssignmentPattern":
      return parameter.right.type === "Literal";
    default:
      return false;
  }
}
