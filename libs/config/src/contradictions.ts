import { parseOwnTable } from './own-table.ts';
import { parseRetrySchedule } from './retry-schedule.ts';

/**
 * What no single setting shows: a sentence for each. Values are never part of it.
 *
 * @param given - the settings that are set, as text.
 */
export function contradictions(given: Readonly<Record<string, string>>): string[] {
  const problems: string[] = [];
  const schedule = given['RETRY_SCHEDULE'] === undefined ? undefined : parseRetrySchedule(given['RETRY_SCHEDULE']);
  if (schedule !== undefined && 'problem' in schedule) problems.push(`RETRY_SCHEDULE ${schedule.problem}`);
  if (Number(given['RETRY_JITTER'] ?? 0) > 0 && given['DELAY_STRATEGY'] !== 'delayed-exchange') {
    problems.push('RETRY_JITTER needs DELAY_STRATEGY=delayed-exchange: everything in a wait queue waits equally long');
  }
  if (given['VERIFIER'] === 'http' && given['VERIFIER_URL'] === undefined) {
    problems.push('VERIFIER_URL must name the service when VERIFIER=http, for example http://127.0.0.1:9000/verify');
  }
  if (given['VERIFIER'] === 'module' && given['VERIFIER_MODULE'] === undefined) {
    problems.push('VERIFIER_MODULE must name a file when VERIFIER=module, for example examples/verifier.ts');
  }
  return [...problems, ...ownTableProblems(given)];
}

function ownTableProblems(given: Readonly<Record<string, string>>): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const [, n, what] = /^SYSTEM(\d+)_(TABLE|COLUMNS)$/.exec(name) ?? [];
    if (n === undefined) return [];
    if (what === 'COLUMNS') return given[`SYSTEM${n}_TABLE`] === undefined ? [`${name} needs SYSTEM${n}_TABLE`] : [];
    const parsed = parseOwnTable(value, given[`SYSTEM${n}_COLUMNS`] ?? '');
    return 'problem' in parsed ? [`SYSTEM${n}_${parsed.problem}`] : [];
  });
}
