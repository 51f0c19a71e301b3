/**
 * A function fits on a screen. What does not fit is not read, and the long ones are where protocol
 * code rots.
 *
 * @module
 */
import { isProduction, placeOf } from "./place.ts";

const LINES_MAX = 70;

/** Reports functions longer than a screen. */
export const functionLength: Deno.lint.Rule = {
  create(context) {
    if (!isProduction(placeOf(context.filename))) return {};

    function measure(node: Deno.lint.Node): void {
      const lines = context.sourceCode.getText(node).split("\n").length;
      if (lines <= LINES_MAX) return;
      context.report({
        node,
        message: `A function fits on a screen of ${LINES_MAX} lines: ${lines}`,
      });
    }

    return {
      FunctionDeclaration: measure,
      FunctionExpression: measure,
      ArrowFunctionExpression: measure,
    };
  },
};
