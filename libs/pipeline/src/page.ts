/** Items of a list, and where the next page begins; null at the end of the list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A cursor that no page of this list ended with. */
export class ForeignCursor extends Error {
  override name = 'ForeignCursor';

  constructor() {
    super('The cursor is none of this list: begin again without one.');
  }
}

/** A page of `most` items out of what was found; one more than that says that the list goes on. Pure. */
export function pageOf<T>(found: readonly T[], most: number, cursorOf: (last: T) => string): Page<T> {
  const items = found.slice(0, most);
  const last = items.at(-1);
  return { items, nextCursor: found.length > most && last !== undefined ? cursorOf(last) : null };
}

/** A time as Postgres writes it into JSON. */
export const ISO_TIME = /^\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?[+-]\d{2}:\d{2}$/;

/** Writes the place of an item down as a text that is opaque, and safe in a URL. Pure. */
export function writeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Reads a place of as many parts as there are shapes. Pure. @throws ForeignCursor */
export function readCursor(cursor: string, shapes: readonly RegExp[]): string[] {
  const parts = textsOf(cursor);
  const fits = parts.length === shapes.length && shapes.every((shape, index) => shape.test(parts[index] ?? ''));
  if (!fits) throw new ForeignCursor();
  return parts;
}

function textsOf(cursor: string): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts.filter((part) => typeof part === 'string') : [];
  } catch {
    return [];
  }
}
