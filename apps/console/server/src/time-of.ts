import { invalidRequest, placed } from '@esteira/http';

/** Where in a request something was given. */
export interface Place {
  readonly part: 'body' | 'querystring';
  /** A JSON pointer to what holds it; empty at the top. */
  readonly within: string;
}

/** In the address of a request. */
export const IN_QUERY: Place = { part: 'querystring', within: '' };

/** A mistake in one member of what was given. */
export const mistakeIn = ({ part, within }: Place, name: string, detail: string) =>
  placed(part, `${within}/${name}`, detail);

/** A time that somebody gave. @throws a problem where there is none like it, say a 61st of March. */
function timeOf(text: string | undefined, name: string, place: Place): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw invalidRequest(`${name} is no time.`, mistakeIn(place, name, 'is no time'));
}

/**
 * A stretch of time that somebody gave, its end not included.
 *
 * @throws a problem where an end is no time, or where nothing can lie between them.
 */
export function stretchOf(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  place: Place,
): { readonly from: Date | undefined; readonly to: Date | undefined } {
  const stretch = { from: timeOf(from, 'from', place), to: timeOf(to, 'to', place) };
  if (stretch.from === undefined || stretch.to === undefined || stretch.from < stretch.to) return stretch;
  const why = `The time asked for ends before it begins: nothing is from ${from ?? ''} on and before ${to ?? ''}. Change one of them.`;
  throw invalidRequest(why, mistakeIn(place, 'from', 'is not before `to`'));
}
