import {
  defineProblem,
  dependencyUnavailable,
  isProblem,
  placed,
  shuttingDown,
  type Extensions,
  type Problem,
} from '@esteira/http';
import { ImportMoved, type ImportState } from '@esteira/orders/source';
import { classifyFault } from '@esteira/relay-api';
import { BodyBrokeOff } from './body.ts';
import { FormRefused } from './form.ts';
import { importInProgress, ImportInterrupted } from './import-file.ts';

export const bodyIncomplete = defineProblem({
  code: 'body-incomplete',
  status: 400,
  title: 'The body broke off.',
});
export const bodyNotGzip = defineProblem({
  code: 'body-not-gzip',
  status: 400,
  title: 'The body begins as gzip and is not, or is cut off.',
});

export const formRefused = defineProblem({
  code: 'form-refused',
  status: 400,
  title: 'The form is not one with a file in it and nothing else.',
});

/** The error to answer with when an import ended early: it says what stays, and how to go on. */
export function interruption(error: unknown): unknown {
  if (!(error instanceof ImportInterrupted)) return problemOf(error)?.('') ?? error;
  const { cause, state } = error;
  if (isProblem(cause)) return cause;
  const make = problemOf(cause);
  return make === undefined ? cause : make(whatStays(state), extensionsOf(state));
}

/** Which problem a cause is; given what stays, it makes the error. */
function problemOf(cause: unknown): ((stays: string, extensions?: Extensions) => Error) | undefined {
  const as = (problem: Problem, why: string, place?: Extensions) => (stays: string, extensions?: Extensions) =>
    problem(`${why}${stays}`, { ...extensions, ...place });
  if (!(cause instanceof Error) || isProblem(cause)) return undefined;
  if (cause instanceof BodyBrokeOff) return as(bodyIncomplete, `${cause.message}.`);
  if (cause instanceof ImportMoved) return as(importInProgress, `${cause.message}.`);
  if (cause instanceof FormRefused) {
    return as(formRefused, `${cause.message}.`, placed('body', '', 'is not a form with one file'));
  }
  if (cause.name === 'AbortError') return as(shuttingDown, 'The service is being stopped.');
  if ('code' in cause && String(cause.code).startsWith('Z_')) {
    return as(bodyNotGzip, `gzip: ${cause.message}.`, placed('body', '', cause.message));
  }
  const fault = classifyFault(cause);
  return fault === undefined ? undefined : as(dependencyUnavailable, fault.message);
}

function whatStays(state: ImportState | undefined): string {
  const imported = state === undefined ? 0 : state.positive + state.negative;
  const goOn = 'The same request with the same Idempotency-Key goes on from there; without a key it starts over.';
  return ` ${imported} orders were imported before, and stay. ${goOn}`;
}

function extensionsOf(state: ImportState | undefined): Extensions {
  if (state === undefined) return {};
  return { import_id: state.importId, imported: state.positive + state.negative, refused: state.refused };
}
