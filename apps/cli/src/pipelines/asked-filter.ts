import type { DeadLetterFilter } from '@esteira/dead-letters';

/** A filter in the names of the console's API. Pure. */
export function filterInQuery({ errorCode, ...rest }: DeadLetterFilter): Record<string, string> {
  return { ...(rest as Record<string, string>), ...(errorCode === undefined ? {} : { error_code: errorCode }) };
}
