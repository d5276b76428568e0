/** The SQLSTATE of an error that a Postgres server answered with (five characters), or undefined for any other. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * Whether an error blames the data of a statement (class 22, data exception, and 23, integrity constraint violation):
 * sending the same again fails again. Anything else is a fault of the infrastructure.
 */
export function isDataError(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && (state.startsWith('22') || state.startsWith('23'));
}
