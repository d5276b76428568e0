import { withoutPasswords } from '@esteira/observability';

/** What a fault says, for people. A refused connection to a name with several addresses has a code and no message. */
export function faultText(fault: unknown): string {
  const { message, code } = fault as { message?: unknown; code?: unknown };
  const text = [message, code].find((each) => typeof each === 'string' && each !== '');
  return withoutPasswords(typeof text === 'string' ? text : String(fault));
}
