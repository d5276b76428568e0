import { soughtWords } from '../../src/index.ts';

const CONDITIONS: Readonly<Record<string, (parameter: string) => string>> = {
  state: (parameter) => `state = ${parameter}`,
  reason: (parameter) => `reason = ${parameter}`,
  errorCode: (parameter) => `error_code = ${parameter}`,
  system: (parameter) => `system = ${parameter}`,
  words: (parameter) => `words @@ ${parameter}::tsquery`,
  from: (parameter) => `dead_at >= ${parameter}::timestamptz`,
  to: (parameter) => `dead_at < ${parameter}::timestamptz`,
};

/** How the release before identities chose dead letters by a filter: what it did not know it skipped. */
export function earlierConditionOf(pipeline: string, filter: Readonly<Record<string, string | null>>) {
  const conditions = ['pipeline = $1'];
  const values: unknown[] = [pipeline];
  for (const [name, condition] of Object.entries(CONDITIONS)) {
    const value = filter[name];
    if (value === undefined) continue;
    values.push(name === 'words' ? (soughtWords(value ?? '') ?? '') : value);
    conditions.push(condition(`$${values.length}`));
  }
  return { sql: conditions.join(' AND '), values };
}
