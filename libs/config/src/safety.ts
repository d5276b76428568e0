import { isIP } from 'node:net';
import type { TSchema } from 'typebox';
import { parseApiKeys } from './api-keys.ts';

/** A loopback address, or a name of it. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;
const SHORTEST_SECRET = 32;

/**
 * What would let in whoever comes along, a sentence for each. Without keys everything listens on loopback alone; with
 * `NODE_ENV=production` there are keys, and no password is the one that stands in the documents. Only named proxies are
 * believed.
 *
 * @param properties - every setting there is, with its default.
 * @param given - the settings that are set, as text.
 */
export function unsafeSettings(
  properties: Readonly<Record<string, TSchema>>,
  given: Readonly<Record<string, string>>,
): string[] {
  const { keys, problems } = parseApiKeys(given['OPERATOR_API_KEYS'] ?? '', given['VIEWER_API_KEYS'] ?? '');
  const secret = given['SESSION_SECRET'];
  if (secret !== undefined && secret.length < SHORTEST_SECRET) {
    problems.push(`SESSION_SECRET has less than ${SHORTEST_SECRET} characters: openssl rand -hex 32 makes one`);
  }
  const reachedAt = given['HOST_PUBLISHED_AS'] ?? given['HOST'] ?? '127.0.0.1';
  if (keys.length === 0 && !LOOPBACK.test(reachedAt)) {
    problems.push('HOST is no loopback address, and there are no OPERATOR_API_KEYS: anybody could act');
  }
  problems.push(...untrustworthy(given['TRUSTED_PROXIES'] ?? ''));
  return given['NODE_ENV'] === 'production' ? [...problems, ...unfitForProduction(properties, given, keys)] : problems;
}

const NAMED_NETWORKS = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** What of TRUSTED_PROXIES names nobody, or everybody. */
function untrustworthy(list: string): string[] {
  const entries = list === '' ? [] : list.split(',').map((entry) => entry.trim());
  return entries.flatMap((entry) => {
    const [address = '', bits, ...more] = entry.split('/');
    const most = isIP(address) === 4 ? 32 : 128;
    const isNetwork = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
    if (!NAMED_NETWORKS.has(entry) && (isIP(address) === 0 || !isNetwork || more.length > 0)) {
      return [`TRUSTED_PROXIES has ${entry}: give an address, a network (192.168.7.0/24), or loopback`];
    }
    return bits !== undefined && Number(bits) === 0
      ? [`TRUSTED_PROXIES has ${entry}: then everybody could say to be somebody else`]
      : [];
  });
}

function unfitForProduction(
  properties: Readonly<Record<string, TSchema>>,
  given: Readonly<Record<string, string>>,
  keys: ReturnType<typeof parseApiKeys>['keys'],
): string[] {
  const problems = Object.entries(properties).flatMap(([name, schema]) => {
    const known = passwordOf(String((schema as { default?: unknown }).default));
    const used = given[name] === undefined ? known : passwordOf(given[name]);
    if (known === '' || used !== known) return [];
    return [`${name} has the password that stands in the documents; NODE_ENV=production needs another`];
  });
  if (keys.some(({ role }) => role === 'operator')) return problems;
  return ['OPERATOR_API_KEYS has no key; NODE_ENV=production needs one', ...problems];
}

const passwordOf = (url: string): string => URL.parse(url)?.password ?? '';
