import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from './home.ts';

/** What a home remembers between starts. */
export interface State {
  /** Services that were started and not stopped. */
  active: string[];
  /** The ports they were started with, by setting. */
  listening: Record<string, number>;
  /** The code that each app was started with, see code.ts. */
  code: Record<string, string>;
  /** Ports that no setting names, by purpose. */
  internal: Record<string, number>;
  /** Random texts, by purpose. */
  secrets: Record<string, string>;
}

export function readState(home: string): State {
  const empty: State = { active: [], listening: {}, code: {}, internal: {}, secrets: {} };
  const file = join(home, 'state.json');
  if (!existsSync(file)) return empty;
  try {
    return { ...empty, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<State>) };
  } catch {
    return empty; // cut short when the machine was switched off: nothing that can't be found out again
  }
}

export function writeState(home: Home, state: State): void {
  home.file('state.json', `${JSON.stringify(state, undefined, 2)}\n`, undefined);
}
