import type { Settings } from '@esteira/settings';

/** An app that this console asks over HTTP. */
export interface AppClient {
  /** The name it has in the catalogue, for example `api-system-1`. */
  readonly name: string;
  get(path: string): Promise<Response>;
  post(path: string, body: object, options?: PostOptions): Promise<Response>;
}

/** How something is asked for. */
export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** The longest the app may take, in milliseconds. */
  readonly timeoutMs?: number;
}

/** The longest an app may take, in milliseconds. */
const ACTION_MS = 20_000;
const READ_MS = 3_000;

/** The name of the key that is the console's own. */
const OWN_KEY = 'console';

/** The app `name` at its port, asked with the console's own key: who acts stands in the console's history. */
export function appClient(name: string, port: number, { APPS_URL, apiKeys }: Settings): AppClient {
  const operators = apiKeys.filter(({ role }) => role === 'operator');
  const own = operators.find((key) => key.name === OWN_KEY) ?? operators[0];
  const authorization: Record<string, string> = own ? { authorization: `Bearer ${own.key}` } : {};
  const base = APPS_URL.replaceAll('{service}', name).replaceAll('{port}', String(port)).replace(/\/$/, '');
  return {
    name,
    get: (path) => fetch(`${base}${path}`, { headers: authorization, signal: AbortSignal.timeout(READ_MS) }),
    post: (path, body, { headers = {}, timeoutMs = ACTION_MS } = {}) =>
      fetch(`${base}${path}`, {
        method: 'POST',
        headers: { ...headers, ...authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      }),
  };
}
