import type { TLocalizedValidationError } from 'typebox/error';
import type { PayloadProblem } from './task-type.ts';

/**
 * The first mistake of a payload, at the deepest place that is named: `must be integer`, at `/expect/status`. Pure.
 */
export function inWords(mistakes: readonly TLocalizedValidationError[]): PayloadProblem {
  // A member that has no place in the schema is told twice: that its schema is false says less.
  const told = mistakes.find(({ keyword }) => keyword !== 'boolean') ?? mistakes[0];
  if (told === undefined) return { pointer: '', message: 'breaks its schema' };
  const pointer = told.instancePath;
  return { pointer, message: messageOf(told) };
}

function messageOf(told: TLocalizedValidationError): string {
  if (told.keyword === 'required') return `must have ${told.params.requiredProperties.join(', ')}`;
  if (told.keyword === 'additionalProperties') return `must not have ${told.params.additionalProperties.join(', ')}`;
  if (told.keyword === 'enum') return `must be one of ${told.params.allowedValues.map(String).join(', ')}`;
  return told.message;
}
