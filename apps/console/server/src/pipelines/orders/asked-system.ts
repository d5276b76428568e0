import { randomUUID } from 'node:crypto';
import { announceAction, confirmAction, withdrawAction } from '@esteira/dead-letters';
import { callerNamed, defineProblem, dependencyUnavailable, noSuch, REQUEST_ID, type Problem } from '@esteira/http';
import { ForeignAnswer, jsonAnswer } from '@esteira/http/json-answer';
import { ordersPipeline } from '@esteira/orders/domain';
import { present } from '@esteira/pipeline';
import type { FastifyRequest } from 'fastify';
import type { ConsoleSystem, OrdersParts } from './parts.ts';
import { explained } from '../../explained.ts';

export type Parts = Pick<OrdersParts, 'systems' | 'endput' | 'logger'>;
type Action = 'run' | 'stop' | 'unblock' | 'clear';

/** How long somebody waits for the end of a run, in milliseconds: it ends also where nobody waits. */
const STOP_MS = 5_000;

const alreadyRunning = defineProblem({ code: 'already-running', status: 409, title: 'A run is on its way.' });
const inError = defineProblem({
  code: 'in-error',
  status: 409,
  title: 'The last run ended in an error that needs a person: unblock or clear.',
});
export const apiRefused = defineProblem({
  code: 'api-refused',
  status: 502,
  title: 'The API of the system refused for a reason of its own, or it was not the API that answered.',
});
/** What an orders API may refuse with on purpose. */
export const PASSED_ON: readonly Problem[] = [alreadyRunning, inError, dependencyUnavailable];
export const noSystem = noSuch('system');

type AskedSystem = FastifyRequest<{ Params: { system: string } }>;

/** Asks the API of the system; a refusal is passed on as it is. */
export async function forward<T extends object>(
  console: Parts,
  request: AskedSystem,
  action: Exclude<Action, 'stop'>,
  body: object,
): Promise<T> {
  const answer = await ask<T>(console, request, action, body);
  if (answer.kind === 'done') return answer.body;
  throw answer.kind === 'late'
    ? dependencyUnavailable(`${answer.detail} If it does it all the same, the history says so.`)
    : answer.problem;
}

/** Asks the API to stop the run; undefined where that takes longer than is waited for. */
export async function forwardStop(
  console: Parts,
  request: AskedSystem,
): Promise<{ system: string; stopped: boolean } | undefined> {
  const answer = await ask<{ system: string; stopped: boolean }>(console, request, 'stop', {}, STOP_MS);
  if (answer.kind === 'done') return answer.body;
  if (answer.kind === 'late') return undefined;
  throw answer.problem;
}

/** What became of a request: done, refused, not answered by the API, or not answered in time. */
type Answer<T> =
  | { readonly kind: 'done'; readonly body: T }
  | { readonly kind: 'refused' | 'unanswered'; readonly problem: Error }
  | { readonly kind: 'late'; readonly detail: string };

/**
 * Who asks is written down before, and counts when the API did it. The API says so itself too: neither a console that ends
 * meanwhile nor an answer that nobody waits for leaves a gap in the history.
 */
async function ask<T extends object>(
  console: Parts,
  request: AskedSystem,
  action: Action,
  body: object,
  timeoutMs?: number,
): Promise<Answer<T>> {
  const { system, api } = systemOf(console, request.params.system);
  const noted = await note(console, { by: callerNamed(request), action, details: { system, ...body } });
  const options = { headers: { [REQUEST_ID]: noted.request }, ...present({ timeoutMs }) };
  const answer = await api
    .post(`/v0/process/${action}`, body, options)
    .then((response) => read<T>(response, system))
    .catch((error: unknown) => unread(error, system));
  // A stop that is late was asked for. What else may have been done stays announced.
  if (answer.kind === 'done' || (answer.kind === 'late' && action === 'stop')) await noted.confirm();
  if (answer.kind === 'refused') await noted.withdraw();
  return answer;
}

async function read<T extends object>(response: Response, system: string): Promise<Answer<T>> {
  const body = await jsonAnswer<T & { code?: string; detail?: string }>(response, `The API of ${system}`);
  if (response.ok) return { kind: 'done', body };
  const refusal = PASSED_ON.find(({ code }) => code === body.code) ?? apiRefused;
  const problem = refusal(body.detail ?? `The API of ${system} answered ${response.status}.`);
  return { kind: response.status < 500 ? 'refused' : 'unanswered', problem };
}

function unread(error: unknown, system: string): Answer<never> {
  if (error instanceof ForeignAnswer) return { kind: 'unanswered', problem: apiRefused(error.message) };
  const detail = `The API of ${system} does not answer: ${explained(error)}.`;
  if (error instanceof Error && error.name === 'TimeoutError') return { kind: 'late', detail };
  return { kind: 'unanswered', problem: dependencyUnavailable(detail) };
}

interface Noted {
  readonly request: string;
  confirm(): Promise<void>;
  withdraw(): Promise<void>;
}

/** An endput that is away is no reason not to act: the API says what it did, under the name of the console's key. */
async function note(
  { endput, logger }: Parts,
  action: { readonly by: string; readonly action: Action; readonly details: Readonly<Record<string, string>> },
): Promise<Noted> {
  const request = randomUUID();
  const unlessAway = (write: Promise<void>) =>
    write.catch((err: unknown) => {
      logger.warn({ err, ...action }, 'who acted could not be written into the history');
    });
  await unlessAway(announceAction(endput, { pipeline: ordersPipeline.name, request, ...action }));
  return {
    request,
    confirm: () => unlessAway(confirmAction(endput, request)),
    withdraw: () => unlessAway(withdrawAction(endput, request)),
  };
}

export function systemOf(
  { systems }: Pick<OrdersParts, 'systems'>,
  name: string,
): Pick<ConsoleSystem, 'api'> & { system: string } {
  const system = systems.find((one) => one.name === name);
  if (system !== undefined) return { system: name, api: system.api };
  throw noSystem(`There is no system of this name; there are ${systems.map((one) => one.name).join(', ')}.`);
}
