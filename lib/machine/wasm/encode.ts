/** The byte-level encodings of the WebAssembly binary format (core specification, chapter 5.2). */

/** Appends an unsigned LEB128 number. */
export const unsigned = (out: number[], value: number): void => {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
};

/** Appends a signed LEB128 number of up to 64 bits. */
export const signed = (out: number[], value: bigint): void => {
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0)) {
      out.push(byte);
      return;
    }
    out.push(byte | 0x80);
  }
};

export const text = (out: number[], value: string): void => {
  const bytes = [...value].map((c) => c.charCodeAt(0));
  unsigned(out, bytes.length);
  append(out, bytes);
};

/** Appends without the argument-count limit that push(...) has. */
export const append = (out: number[], bytes: readonly number[]): void => {
  for (const byte of bytes) out.push(byte);
};

export const section = (out: number[], id: number, items: readonly (readonly number[])[]): void => {
  if (items.length === 0) return;
  const body: number[] = [];
  unsigned(body, items.length);
  for (const item of items) append(body, item);
  out.push(id);
  unsigned(out, body.length);
  append(out, body);
};
