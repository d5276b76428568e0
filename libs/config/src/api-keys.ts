/** Who may use the APIs and the console. */
export interface ApiKey {
  /** Stands in the history. */
  readonly name: string;
  readonly key: string;
  /** A viewer may read; an operator may act too. */
  readonly role: 'viewer' | 'operator';
}

/** Shorter keys could be guessed. */
const SHORTEST = 16;
const ENTRY = /^([A-Za-z0-9._@-]{1,64}):(\S+)$/;

/** Reads `OPERATOR_API_KEYS` and `VIEWER_API_KEYS`: `name:key`, comma-separated. Keys are never part of a problem. */
export function parseApiKeys(operators: string, viewers: string): { keys: ApiKey[]; problems: string[] } {
  const problems: string[] = [];
  const keys = [
    ...entriesOf('OPERATOR_API_KEYS', operators, 'operator', problems),
    ...entriesOf('VIEWER_API_KEYS', viewers, 'viewer', problems),
  ];
  if (new Set(keys.map(({ name }) => name)).size < keys.length) {
    problems.push('OPERATOR_API_KEYS and VIEWER_API_KEYS use a name twice: the history could not tell who it was');
  }
  if (new Set(keys.map(({ key }) => key)).size < keys.length) {
    problems.push('OPERATOR_API_KEYS and VIEWER_API_KEYS hold the same key twice');
  }
  return { keys, problems };
}

function entriesOf(setting: string, text: string, role: ApiKey['role'], problems: string[]): ApiKey[] {
  if (text.trim() === '') return [];
  return text.split(',').flatMap((entry, index) => {
    const [, name, key] = ENTRY.exec(entry.trim()) ?? [];
    if (name === undefined || key === undefined) {
      problems.push(`${setting} number ${index + 1} is not name:key (no comma or space in either)`);
      return [];
    }
    if (key.length < SHORTEST) {
      problems.push(
        `${setting} has a key of less than ${SHORTEST} characters for ${name}: openssl rand -hex 24 makes one`,
      );
    }
    return [{ name, key, role }];
  });
}
