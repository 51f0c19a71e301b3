/**
 * A file opens by saying what it is: a reader who lands in it from a search needs one sentence
 * before the first import.
 *
 * @module
 */
import { isProduction, placeOf } from "./place.ts";

/** Reports files that begin with code. */
export const opening: Deno.lint.Rule = {
  create(context) {
    if (!isProduction(placeOf(context.filename))) return {};

    return {
      Program(node) {
        if (/^(?:#!.*\n)?\s*\/[/*]/.test(context.sourceCode.text)) return;
        context.report({
          range: [node.range[0], node.range[0]],
          message: "A file opens by saying what it is",
        });
      },
    };
  },
};
