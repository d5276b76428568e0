import * as v from 'valibot';
import { text } from '../../url/parameters.ts';

/** Where to go afterwards. */
export const signInSearch = v.object({ back: text() });

/** The page to go back to: one of ours, whatever the address says. Pure. */
export function pathOf(back: string | undefined): string {
  const isOurs = back !== undefined && /^\/(?![/\\])/.test(back) && !back.startsWith('/sign-in');
  return isOurs ? back : '/';
}
