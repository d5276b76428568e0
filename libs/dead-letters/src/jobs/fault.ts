import { isDataError, sqlState } from '@esteira/postgres';

/**
 * Whether Postgres would answer the same again, however long one waits: it blames the data (class 22 and 23) or the
 * statement (class 42: a privilege that is gone, a table or a column that is not there).
 */
export function needsAPerson(error: unknown): error is Error {
  return error instanceof Error && (isDataError(error) || sqlState(error)?.startsWith('42') === true);
}
