import { jsonAnswer } from '@esteira/http/json-answer';
import type { Settings } from '@esteira/settings';
import { absentServer } from '../faults.ts';
import { operatorHeaders } from '../operator.ts';
import { Refused } from '../refused.ts';

/** The console's API, as the command line asks it. */
export interface ConsoleApi {
  readonly url: string;
  get<T extends object>(path: string, query?: Readonly<Record<string, string>>): Promise<T>;
  post<T extends object>(path: string, body: object): Promise<T>;
}

/** What the console does not do, in its own words; `code` tells which of its problems it is. */
export class ConsoleRefused extends Refused {
  override name = 'ConsoleRefused';
  readonly code: string;
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(problem: Readonly<Record<string, unknown>>) {
    const { title = '', detail, code = '' } = problem as { title?: string; detail?: string; code?: string };
    super(`The console refused: ${detail ?? title}`);
    this.code = code;
    this.problem = problem;
  }
}

/** The console does not answer, so that nothing can be known of pipelines that it is asked about. */
export class ConsoleAway extends Refused {
  override name = 'ConsoleAway';
}

/** Longer than the console itself works on an answer, in milliseconds. */
const ANSWER_MS = 90_000;

/**
 * Speaks to the console on this machine, as the first operator where there are keys.
 *
 * @throws ConsoleRefused for a problem, ConsoleAway where nobody answers; each from what it does
 */
export function consoleApi({ CONSOLE_PORT, apiKeys }: Pick<Settings, 'CONSOLE_PORT' | 'apiKeys'>): ConsoleApi {
  const url = `http://127.0.0.1:${CONSOLE_PORT}`;
  const headers = operatorHeaders(apiKeys);
  const ask = async <T extends object>(path: string, init: RequestInit): Promise<T> => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(`${url}${path}`, { ...init, signal }).catch((error: unknown) => {
      if (absentServer(error) === undefined) throw error;
      const why = `The console at ${url} does not answer: \`make start\` starts it.`;
      throw new ConsoleAway(why, { cause: error });
    });
    const answer = await jsonAnswer<T>(response, `The console at ${url}`);
    if (!response.ok) throw new ConsoleRefused(answer as Record<string, unknown>);
    return answer;
  };
  return {
    url,
    get: (path, query = {}) => {
      const search = new URLSearchParams(query).toString();
      return ask(search === '' ? path : `${path}?${search}`, { headers });
    },
    post: (path, body) =>
      ask(path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}

/** An answer of the console, in the names that its libraries have: `error_code` is `errorCode`. Pure. */
export function camel(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(camel);
  if (answer === null || typeof answer !== 'object') return answer;
  const renamed = Object.entries(answer).map(([name, value]) => [
    name.replace(/_([a-z])/g, (_, first: string) => first.toUpperCase()),
    camel(value),
  ]);
  return Object.fromEntries(renamed) as unknown;
}
