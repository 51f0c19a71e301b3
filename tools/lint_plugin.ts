/**
 * The rules of docs/STYLE.md that a machine can check and Deno's own linter does not. Few on
 * purpose: each stands for a mistake that would cost more than its rule.
 *
 * @module
 */
import { errorMessage } from "./lint/error_message.ts";
import { functionLength } from "./lint/function_length.ts";
import { layering } from "./lint/layering.ts";
import { noAmbient } from "./lint/no_ambient.ts";
import { opening } from "./lint/opening.ts";
import { positionalArguments } from "./lint/positional_arguments.ts";

const plugin: Deno.lint.Plugin = {
  name: "raftkv",
  rules: {
    "error-message": errorMessage,
    "function-length": functionLength,
    layering,
    "no-ambient": noAmbient,
    opening,
    "positional-arguments": positionalArguments,
  },
};

export default plugin;
