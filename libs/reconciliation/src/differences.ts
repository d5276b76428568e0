/** A field whose value is not the same in source and endput; null where a side has no such field. */
export interface Difference {
  readonly field: string;
  readonly source: string | null;
  readonly stored: string | null;
}

/** What has contents to compare. */
interface Compared {
  readonly class: string;
  readonly source?: string | null;
  readonly stored?: string | null;
}

/**
 * In which fields the contents of a row differ; none of a row that does not `differ`. Pure.
 *
 * @param fields names of what a content is made of, a JSON array; a content that is none is compared as a whole
 */
export function differencesIn(fields: readonly string[], { class: found, source, stored }: Compared): Difference[] {
  if (found !== 'differs') return [];
  const [left, right] = [partsOf(source), partsOf(stored)];
  if (left === undefined || right === undefined)
    return [{ field: 'content', source: source ?? null, stored: stored ?? null }];
  const last = Math.max(left.length, right.length);
  return Array.from({ length: last }, (_, index) => ({
    field: fields[index] ?? `field ${index + 1}`,
    source: left[index] ?? null,
    stored: right[index] ?? null,
  })).filter((one) => one.source !== one.stored);
}

/** `weight: 10.00 in the source, 12.00 in the endput`, one after the other. Pure. */
export const differencesText = (differences: readonly Difference[]): string =>
  differences
    .map(
      ({ field, source, stored }) =>
        `${field}: ${source ?? 'nothing'} in the source, ${stored ?? 'nothing'} in the endput`,
    )
    .join('; ');

/** The values of a content as texts, digits as they are written: a number of JavaScript would round them. */
function partsOf(content: string | null | undefined): (string | null)[] | undefined {
  if (content == null) return undefined;
  try {
    const parts: unknown = JSON.parse(content, (_, value: unknown, { source }: { source?: string } = {}) =>
      typeof value === 'number' ? (source ?? String(value)) : value,
    );
    if (!Array.isArray(parts)) return undefined;
    return parts.map((part: unknown) =>
      part === null ? null : typeof part === 'string' ? part : JSON.stringify(part),
    );
  } catch {
    return undefined; // Of another pipeline: no list of fields.
  }
}
