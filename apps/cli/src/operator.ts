import type { ApiKey } from '@esteira/config';

/** What tells an API of ours that the first operator asks; nothing where there are no keys. */
export function operatorHeaders(keys: readonly ApiKey[]): Readonly<Record<string, string>> {
  const operator = keys.find(({ role }) => role === 'operator');
  return operator === undefined ? {} : { authorization: `Bearer ${operator.key}` };
}
