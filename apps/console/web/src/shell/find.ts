import { ungrouped } from '../format/number.ts';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Where the search in the header leads. */
export type Finding =
  | { readonly kind: 'message'; readonly messageId: string }
  | { readonly kind: 'search'; readonly search: { system?: string; source_id?: string; words?: string } };

/** A whole number as pages print it, after a system or not: `42`, `#34,868`, `system-1 42`, `system-1, row 42`. */
const ROW = /^(?:(\S+?),?[\s:/#]+(?:row\s+)?)?#?(\d[\d,]*)$/i;

/**
 * Tells what was typed: a message id, a source id with or without its system, or words. Undefined: nothing. A number after
 * a word that is no system is one of the words.
 *
 * @param systems undefined as long as they are not known
 */
export function findingOf(typed: string, systems: readonly string[] | undefined): Finding | undefined {
  const asked = typed.trim();
  if (asked === '') return undefined;
  if (UUID.test(asked)) return { kind: 'message', messageId: asked.toLowerCase() };
  const [, system, number = ''] = ROW.exec(asked) ?? [];
  const sourceId = ungrouped(number);
  const isRow = /^\d{1,19}$/.test(sourceId) && (system === undefined || (systems?.includes(system) ?? true));
  if (!isRow) return { kind: 'search', search: { words: asked } };
  return { kind: 'search', search: { ...(system === undefined ? {} : { system }), source_id: sourceId } };
}
