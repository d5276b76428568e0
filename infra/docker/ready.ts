import { EXIT_CONFIG } from '@esteira/config';
import type { Settings } from '@esteira/settings';
import { catalogue, type Service } from '../src/catalogue.ts';
import { health, questionFor } from '../src/health.ts';
import { Obstacle } from '../src/obstacle.ts';
import { because, until } from '../src/until.ts';
import type { Course, Project } from './project.ts';

/** How long apps may take until they can work. */
const READY_MS = 120_000;

/** What has ended this often does not get better by waiting. */
const HOPELESS_RESTARTS = 5;

/** Why a service can't work yet, or won't. */
interface Reason {
  readonly service: string;
  readonly why: string;
}

/**
 * Waits until the apps can work, each as far as what it needs runs.
 *
 * @param running the services that run already
 * @throws Obstacle with what the app wrote: at once when it waits for a person or ends again and again.
 */
export async function appsReady(
  project: Project,
  apps: readonly Service[],
  running: readonly string[],
  settings: Settings,
): Promise<void> {
  const names = apps.map(({ name }) => name);
  const there = catalogue(settings).filter(({ name }) => running.includes(name) || names.includes(name));
  const before = await project.courses(names);
  let hopeless: Reason | undefined;
  let waiting: Reason | undefined;
  const probe = async () => {
    hopeless = whoIsHopeless(await project.courses(names), before);
    const reasons = await Promise.all(apps.map((app) => whyNotReady(app, there, settings)));
    waiting = reasons.find((reason) => reason !== undefined);
    return waiting?.why;
  };
  const giveUp = () => (hopeless === undefined ? undefined : new Error(hopeless.why));
  await until(probe, { timeoutMs: READY_MS, everyMs: 500, giveUp }).catch(async (error: unknown) => {
    const { service, why } = hopeless ?? waiting ?? { service: names.join(', '), why: because(error) };
    throw new Obstacle(`${service} is not ready: ${why}\nIts last lines:\n${await project.tail(service)}`);
  });
}

/** A healthy container's app lives; whether it can work it says itself. */
async function whyNotReady(app: Service, there: readonly Service[], settings: Settings): Promise<Reason | undefined> {
  const why = await health(app, questionFor(app, there, settings)).catch((error: unknown) => because(error));
  return why === undefined ? undefined : { service: app.name, why };
}

/** What ended with 78 waits for a person (run-app.sh); anything else is started again, and may be mended by that. */
export function whoIsHopeless(now: readonly Course[], before: readonly Course[]): Reason | undefined {
  for (const { service, restarts, lastCheck } of now) {
    if (lastCheck === EXIT_CONFIG)
      return { service, why: `it has ended with ${EXIT_CONFIG}: mend what it says, then make start` };
    const since = restarts - (before.find((one) => one.service === service)?.restarts ?? 0);
    if (since >= HOPELESS_RESTARTS) return { service, why: 'it ends again and again' };
  }
  return undefined;
}
