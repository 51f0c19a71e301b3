/**
 * The interface by which validators are used without knowing them: Standard Schema, version 1
 * (https://standardschema.dev). zod, valibot and arktype have it.
 *
 * @module
 */

/** A validator of `Input` that gives `Output`. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the interface prescribes. */
  readonly "~standard": {
    /** The version of the interface. */
    readonly version: 1;
    /** Who made the validator. */
    readonly vendor: string;
    /** Looks at a value. */
    readonly validate: (
      value: unknown,
    ) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** For the type checker alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a validator says. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  /** For a person. */
  readonly message: string;
  /** Where it is. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** A value that its schema does not let pass. */
export class SchemaError extends Error {
  /** Always `SchemaError`. */
  override readonly name = "SchemaError";
  /** Everything that is wrong with it. */
  readonly issues: readonly StandardIssue[];

  /** Makes the error. */
  constructor(key: string, issues: readonly StandardIssue[]) {
    const [first] = issues;
    super(`Cannot take the value of "${key}": ${first?.message ?? "It does not fit its schema"}`);
    this.issues = issues;
  }
}

/**
 * Lets a value through its schema.
 *
 * @throws {SchemaError} if it does not pass
 */
export async function validated<Output>(
  schema: StandardSchema<unknown, Output>,
  { key, value }: { readonly key: string; readonly value: unknown },
): Promise<Output> {
  const result = await schema["~standard"].validate(value);
  if (result.issues !== undefined) throw new SchemaError(key, result.issues);
  return result.value;
}
