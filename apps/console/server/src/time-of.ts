import { invalidRequest, placed } from '@esteira/http';

/** A time that somebody gave. @throws a problem where there is none like it, say a 61st of March. */
export function timeOf(text: string | undefined, name: string, part: 'body' | 'querystring'): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw invalidRequest(`${name} is no time.`, placed(part, `/${name}`, 'is no time'));
}
