import * as v from 'valibot';
import { ungrouped } from '../format/number.ts';

/** A parameter that is not what it should be counts as absent: an old or mistyped link still opens its page. */
const lenient = <T extends v.GenericSchema<string | undefined, unknown>>(schema: T) =>
  v.optional(v.fallback(v.optional(schema), undefined));

type Translation = v.TransformAction<string, string>;
const asItStands: Translation = v.transform((word: string) => word);

/** Any text but none; of words that were others once, the present one. */
export const text = (translation = asItStands) => lenient(v.pipe(v.string(), v.trim(), v.nonEmpty(), translation));

/** One of these; of words that were others once, the present one. */
export const oneOf = <const Options extends readonly string[]>(options: Options, translation = asItStands) =>
  lenient(v.pipe(v.string(), translation, v.picklist(options)));

/** A whole number, `34868` or `34,868`, kept as text: ids reach beyond what a JavaScript number holds. */
export const digits = () => lenient(v.pipe(v.string(), v.trim(), v.transform(ungrouped), v.regex(/^\d{1,19}$/)));

/** A message id: a UUID, whatever its case. */
export const messageId = () => lenient(v.pipe(v.string(), v.trim(), v.toLowerCase(), v.uuid()));

/** An instant, ISO 8601. */
export const instant = () =>
  lenient(
    v.pipe(
      v.string(),
      v.check((value) => !Number.isNaN(Date.parse(value))),
    ),
  );

/** A day, `2026-01-31`, or `unknown`. */
export const day = () => lenient(v.pipe(v.string(), v.regex(/^(\d{4,6}-\d\d-\d\d|unknown)$/)));

/** Reads a query string. Every value is text; of a repeated one the last counts. */
export const readSearch = (query: string): Record<string, string> => Object.fromEntries(new URLSearchParams(query));

/** Writes a query string; what is undefined or empty is left out. */
export function writeSearch(search: Record<string, unknown>): string {
  const filled = Object.entries(search).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [[name, value]] : [],
  );
  const query = new URLSearchParams(filled).toString();
  return query === '' ? '' : `?${query}`;
}
