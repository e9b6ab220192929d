/**
 * Words of the machine's memory as the properties of an object. A property whose name stands in the code is found once;
 * a look-up of its offset by name would take longer than all else that reading a CSR takes.
 */

type View = BigUint64Array | Int32Array;
type Value<V extends View> = V extends BigUint64Array ? bigint : number;

class Words {
  /** @param base - index of the first word in the view */
  constructor(
    readonly view: View,
    readonly base: number,
  ) {}
}

/**
 * A class whose objects have a property for each name, at its offset in bytes from the object's address. The accessors
 * are the class's, so that code treats the words of all harts alike.
 */
export const wordsAt = <N extends string, V extends View>(
  offsets: Readonly<Record<N, number>>,
  bytes: V extends BigUint64Array ? 8 : 4,
): (new (
  view: V,
  base: number,
) => Record<N, Value<V>>) => {
  class Named extends Words {}
  for (const [name, offset] of Object.entries<number>(offsets)) {
    const index = offset / bytes;
    Object.defineProperty(Named.prototype, name, {
      get(this: Words) {
        return this.view[this.base + index];
      },
      set(this: Words, value: bigint | number) {
        this.view[this.base + index] = value;
      },
    });
  }
  return Named as never;
};
