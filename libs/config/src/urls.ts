/** What a URL of a setting leads to. */
export interface UrlKind {
  readonly schemes: readonly string[];
  /** What its path is: the name of a database or a virtual host, a number, or a path. */
  readonly path: 'database' | 'virtual host' | 'number' | 'any';
  /** Whether several hosts may stand in it, separated by commas. */
  readonly hosts?: 'several';
  /** What its driver refuses in a user or password, beside what every URL does. */
  readonly alsoEncoded?: RegExp;
}

/** A database of Postgres. */
export const POSTGRES_URL: UrlKind = { schemes: ['postgres', 'postgresql'], path: 'database' };
/** An HTTP service. */
export const HTTP_URL: UrlKind = { schemes: ['http', 'https'], path: 'any' };

/** What is wrong with the settings that are URLs, a sentence for each. Values are never part of it. Pure. */
export function urlProblems(
  given: Readonly<Record<string, string>>,
  kindOf: (name: string) => UrlKind | undefined,
): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const kind = kindOf(name);
    const problem = kind === undefined ? undefined : problemOf(value, kind);
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
}

/** A URL's scheme, authority, path and query, as RFC 3986 (appendix B) takes it apart. */
const PARTS = /^([A-Za-z][A-Za-z\d+.-]*):\/\/([^/?#]*)([^?#]*)([^#]*)(#.*)?$/s;

const ENCODE =
  'in a user, a password or a name write / as %2F, % as %25, # as %23, ? as %3F, @ as %40, : as %3A, a space as %20';

function problemOf(value: string, kind: UrlKind): string | undefined {
  const [, scheme = '', authority = '', path = '', query = '', fragment] = PARTS.exec(value) ?? [];
  if (!kind.schemes.includes(scheme.toLowerCase())) return `does not begin with ${begins(kind)}`;
  // The driver's parsers drop some of these without a word.
  if (/[\s\p{Cc}\\]/u.test(value))
    return `has a space, a line break or a backslash in it that is not encoded: ${ENCODE}`;
  if (!decodes(value)) return `has a % in it that begins no encoded character: ${ENCODE}`;
  const at = authority.lastIndexOf('@');
  const account = authority.slice(0, Math.max(0, at));
  const outside = `${account}${path}${query}${fragment ?? ''}`;
  if (outside.includes('@') || fragment !== undefined || isAlsoEncoded(account, kind))
    return `has a character in it that is not encoded: ${ENCODE}`;
  return hostProblem(authority.slice(at + 1), query, kind) ?? pathProblem(path, kind);
}

const begins = ({ schemes }: UrlKind): string => schemes.map((scheme) => `${scheme}://`).join(' or ');

function decodes(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false; // Malformed, or not UTF-8 when it is decoded.
  }
}

/** The first colon ends the user. */
function isAlsoEncoded(account: string, { alsoEncoded }: UrlKind): boolean {
  const [user = '', ...password] = account.split(':');
  return alsoEncoded !== undefined && (alsoEncoded.test(user) || alsoEncoded.test(password.join(':')));
}

function hostProblem(hosts: string, query: string, kind: UrlKind): string | undefined {
  // A socket of Postgres is named in the query.
  if (hosts === '' && kind === POSTGRES_URL && new URLSearchParams(query).has('host')) return undefined;
  for (const host of kind.hosts === 'several' ? hosts.split(',') : [hosts]) {
    if (host === '' || host.startsWith(':')) return 'names no host';
    const url = URL.parse(`any://${host}`);
    if (url === null || url.port === '0') {
      return `has a host or port in it that can't be read (host:port, the port 1 to 65535; ${ENCODE})`;
    }
  }
  return undefined;
}

function pathProblem(path: string, { path: expected, schemes: [scheme = ''] }: UrlKind): string | undefined {
  const name = path.slice(1);
  if (expected === 'any') return undefined;
  if (expected === 'number') {
    return /^\d*$/.test(name) ? undefined : 'has a path that is not the number of a database (redis://host:port/0)';
  }
  if (expected === 'database' && name === '') {
    return `names no database: it is the path, ${scheme}://host:port/database`;
  }
  return name.includes('/') ? `has a path that is more than the name of a ${expected}: ${ENCODE}` : undefined;
}
