import { setTimeout as sleep } from 'node:timers/promises';
import type { Asked } from './pages.ts';

/** An answer: what it says, and how long it took until its last byte, in milliseconds. */
export interface Answered {
  readonly ms: number;
  readonly answer: unknown;
}

/** Asks the console as its page does. @throws where it refuses. */
export async function ask(url: string, { path, body }: Asked): Promise<Answered> {
  const started = performance.now();
  const response = await fetch(`${url}${path}`, body === undefined ? {} : { method: 'POST', ...json(body) });
  const text = await response.text();
  const ms = performance.now() - started;
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return { ms, answer: JSON.parse(text) as unknown };
}

const json = (body: object) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** The cursor after so many items of a list that is asked for in pages of 500. */
export async function deep(url: string, path: string, items: number): Promise<string> {
  let cursor = '';
  for (let seen = 0; seen < items; seen += 500) {
    const { answer } = await ask(url, { path: `${path}${cursor === '' ? '' : `&cursor=${cursor}`}` });
    const { next_cursor: next } = answer as { next_cursor: string | null };
    if (next === null) break; // A smaller world: as deep as it goes.
    cursor = next;
  }
  return cursor;
}

/** Asks again and again, until what is answered is wanted. Rejects after `patienceMs`. */
export async function untilIs<T>(
  url: string,
  path: string,
  isWanted: (answer: T) => boolean,
  { everyMs = 100, patienceMs = 300_000 } = {},
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = (await ask(url, { path })).answer as T;
    if (isWanted(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`${path} still answers ${JSON.stringify(answer)}`);
    await sleep(everyMs);
  }
}
