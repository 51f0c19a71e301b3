/**
 * The members of a closed union as bytes.
 *
 * @module
 */

/** Names and the byte that stands for each. The type checker sees to it that none is missing. */
export class Tags<Name extends string> {
  readonly #tags: Readonly<Record<Name, number>>;
  readonly #names: (Name | undefined)[] = [];

  /** Takes distinct integers from 1 to 255: zero is no tag, so that blank bytes mean nothing. */
  constructor(tags: Readonly<Record<Name, number>>) {
    this.#tags = tags;
    for (const name in tags) this.#names[tags[name]] = name;
  }

  /** The byte that stands for `name`. */
  tagOf(name: Name): number {
    return this.#tags[name];
  }

  /** The name that `tag` stands for, if any. */
  nameOf(tag: number): Name | undefined {
    return this.#names[tag];
  }
}
