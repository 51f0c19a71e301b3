/**
 * How a failure speaks: capital letter, no full stop, so that it can stand alone in a log line and
 * behind a colon in another message.
 *
 * @module
 */
import { isProduction, placeOf } from "./place.ts";

/** Reports error messages that break the form of docs/STYLE.md. */
export const errorMessage: Deno.lint.Rule = {
  create(context) {
    if (!isProduction(placeOf(context.filename))) return {};

    return {
      NewExpression(node) {
        if (!context.sourceCode.getText(node.callee).endsWith("Error")) return;
        const message = node.arguments[0];
        if (message === undefined) return;
        const [start, end] = endsOf(message);
        if (/^\p{Ll}/u.test(start)) {
          context.report({ node: message, message: "An error message starts with a capital" });
        }
        if (/[.!]$/.test(end)) {
          context.report({ node: message, message: "An error message ends without a full stop" });
        }
      },
    };
  },
};

/** The literal text a message starts with and ends with; empty where it is computed. */
function endsOf(node: Deno.lint.Node): [start: string, end: string] {
  if (node.type === "Literal" && typeof node.value === "string") return [node.value, node.value];
  if (node.type !== "TemplateLiteral") return ["", ""];
  return [node.quasis.at(0)?.cooked ?? "", node.quasis.at(-1)?.cooked ?? ""];
}
