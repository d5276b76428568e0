import { invalidRequest, placed } from '@esteira/http';

/** A time that somebody gave. @throws a problem where there is none like it, say a 61st of March. */
export function timeOf(text: string | undefined, name: string, part: 'body' | 'querystring'): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw invalidRequest(`${name} is no time.`, placed(part, `/${name}`, 'is no time'));
}

/**
 * A stretch of time that somebody gave, its end not included.
 *
 * @throws a problem where an end is no time, or where nothing can lie between them.
 */
export function stretchOf(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  part: 'body' | 'querystring',
): { readonly from: Date | undefined; readonly to: Date | undefined } {
  const stretch = { from: timeOf(from, 'from', part), to: timeOf(to, 'to', part) };
  if (stretch.from === undefined || stretch.to === undefined || stretch.from < stretch.to) return stretch;
  const why = `The time asked for ends before it begins: nothing is from ${from ?? ''} on and before ${to ?? ''}. Change one of them.`;
  throw invalidRequest(why, placed(part, '/from', 'is not before `to`'));
}
