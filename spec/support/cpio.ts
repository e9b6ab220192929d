/** Archives in the format of Linux's initramfs: cpio "newc" (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). */

/** A file's contents, a symbolic link's target, or a directory; by path without a leading slash, parents first. */
export type Entry =
  | { readonly file: Uint8Array | string; readonly mode?: number }
  | { readonly link: string }
  | { readonly directory: true }
  | { readonly device: readonly [major: number, minor: number] };

const S_IFDIR = 0o040000;
const S_IFCHR = 0o020000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

const encoder = new TextEncoder();
const hex = (value: number): string => value.toString(16).padStart(8, '0');
const padded = (bytes: Uint8Array): Uint8Array => {
  const result = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  result.set(bytes);
  return result;
};

const contentsOf = (entry: Entry): { mode: number; data: Uint8Array; device: readonly [number, number] } => {
  const none = [0, 0] as const;
  if ('directory' in entry) return { mode: S_IFDIR | 0o755, data: new Uint8Array(), device: none };
  if ('device' in entry) return { mode: S_IFCHR | 0o600, data: new Uint8Array(), device: entry.device };
  if ('link' in entry) return { mode: S_IFLNK | 0o777, data: encoder.encode(entry.link), device: none };
  const data = typeof entry.file === 'string' ? encoder.encode(entry.file) : entry.file;
  return { mode: S_IFREG | (entry.mode ?? 0o644), data, device: none };
};

/** The same entries give the same bytes: no times, everything owned by root. */
export const cpio = (entries: Readonly<Record<string, Entry>>): Uint8Array => {
  const parts: Uint8Array[] = [];
  const append = (name: string, inode: number, entry: ReturnType<typeof contentsOf>): void => {
    const { mode, data, device } = entry;
    const path = encoder.encode(`${name}\0`);
    // ino, mode, uid, gid, nlink, mtime, filesize, dev, rdev, namesize, check
    const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, ...device, path.length, 0];
    const header = encoder.encode(`070701${fields.map(hex).join('')}`);
    parts.push(padded(Uint8Array.of(...header, ...path)), padded(data));
  };
  for (const [i, [name, entry]] of Object.entries(entries).entries()) append(name, i + 1, contentsOf(entry));
  append('TRAILER!!!', 0, { mode: 0, data: new Uint8Array(), device: [0, 0] });

  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
};
