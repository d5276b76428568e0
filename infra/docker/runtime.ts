import { rmSync } from 'node:fs';
import { EXIT_CONFIG, type Env } from '@esteira/config';
import type { Settings } from '@esteira/settings';
import { addressOf, catalogue, isOurs, servicesOf, type Service } from '../src/catalogue.ts';
import { health } from '../src/health.ts';
import { shownLines, type LogOptions } from '../src/log-lines.ts';
import { Obstacle } from '../src/obstacle.ts';
import { mainPlace, type Place } from '../src/paths.ts';
import { isPortFree, movesFor } from '../src/ports.ts';
import type { Report, Runtime, ServiceStatus } from '../src/runtime.ts';
import { applyMoves, forgetRunning, recordRunning, resolveSettings, startSettings } from '../src/settings.ts';
import { because } from '../src/until.ts';
import { writeForHands } from './by-hand.ts';
import { checkFiles } from './files.ts';
import { Project, type Container } from './project.ts';
import { appsReady } from './ready.ts';

/** What Compose says is for people. */
const SHOWN = { stdout: 'inherit', stderr: 'inherit' } as const;

/** The same servers and apps as containers, by docker-compose.yml and what these settings add to it. */
export class DockerRuntime implements Runtime {
  readonly name = 'docker';
  readonly #place: Place;
  readonly #project: Project;

  constructor(place: Place = mainPlace, project = 'esteira') {
    this.#place = place;
    this.#project = new Project(project, place);
  }

  async start(env: Env, { profile, report }: { profile: string; report: Report }): Promise<Settings> {
    const wishes = startSettings({ ...env, DELAY_STRATEGY: delayStrategy(env, this.#place) }, this.#place);
    checkFiles(catalogue(wishes));
    const settings = await this.#withFreePorts(wishes, profile, report);
    recordRunning(settings, this.#place);
    writeForHands(settings, this.#place);
    const services = servicesOf(profile, settings).filter(isOurs);
    const needed = services.filter(({ optional }) => optional !== true);
    const named = (kind: Service['kind']) => needed.filter((one) => one.kind === kind).map(({ name }) => name);
    await this.#up(named('server'), ['--wait', '--wait-timeout', '300'], settings);
    await this.#removeWaiting(named('app'));
    await this.#up(named('app'), [], settings);
    const left = await this.#upOptional(services, report);
    const running = (await this.#project.containers()).filter((one) => stateOf(one) === 'up');
    const apps = needed.filter(({ kind }) => kind === 'app');
    await appsReady(
      this.#project,
      apps,
      running.map((one) => one.Service),
      settings,
    );
    for (const service of services.filter(({ name }) => !left.includes(name)))
      report(`${service.name} is ready: ${addressOf(service)}`);
    return settings;
  }

  async stop({ report }: { report: Report }): Promise<void> {
    report('stopping the containers');
    await this.#project.compose(['down', '--remove-orphans']);
    forgetRunning(this.#place);
  }

  async stopApps({ report }: { report: Report }): Promise<void> {
    const apps = (await this.status()).filter(({ kind, state }) => kind === 'app' && state !== 'down');
    report(`stopping ${apps.length} apps`);
    if (apps.length > 0) await this.#project.compose(['stop', ...apps.map(({ name }) => name)]);
  }

  async status(): Promise<ServiceStatus[]> {
    const containers = new Map((await this.#project.containers()).map((one) => [one.Service, one]));
    const services = catalogue(resolveSettings(process.env, this.#place));
    return Promise.all(services.map((service) => statusOf(service, containers.get(service.name))));
  }

  async logs({ follow, service, raw }: LogOptions): Promise<void> {
    const options = ['--tail', '200', ...(follow ? ['--follow'] : []), ...(service === undefined ? [] : [service])];
    if (raw) {
      await this.#project.compose(['logs', ...options], { ...SHOWN, reject: false });
      return;
    }
    const shown = shownLines({ raw });
    const lines = this.#project.compose(['logs', ...options], { stderr: 'inherit', reject: false, buffer: false });
    for await (const line of lines.iterable()) process.stdout.write(shown(...afterName(String(line))));
  }

  async restart(service: string): Promise<void> {
    await this.#project.compose(['restart', service]);
  }

  async prune({ report }: { report: Report }): Promise<void> {
    report('removing containers, volumes and images');
    await this.#project.remove(report);
    forgetRunning(this.#place);
    rmSync(this.#place.envFile, { force: true });
    rmSync(this.#place.compose, { recursive: true, force: true });
  }

  /** Without what Compose would add: a server that somebody else runs is not started. */
  async #up(names: readonly string[], options: readonly string[], { DELAY_STRATEGY }: Settings): Promise<void> {
    if (names.length === 0) return;
    const up = ['up', '--detach', '--build', ...options, '--no-deps', ...names];
    const { exitCode } = await this.#project.compose(up, { ...SHOWN, reject: false });
    if (exitCode === 0) return;
    const withoutPlugin =
      names.includes('rabbitmq') && DELAY_STRATEGY === 'delayed-exchange'
        ? " If it is RabbitMQ's plugin that can't be downloaded: DELAY_STRATEGY=wait-queue needs none."
        : '';
    throw new Obstacle(
      `Docker Compose could not start everything. What it says stands above; \`make logs SERVICE=<name>\` shows what a container says.${withoutPlugin}`,
    );
  }

  /** What nobody needs, where its image can be had. Resolves with the names of what is left out. */
  async #upOptional(services: readonly Service[], report: Report): Promise<string[]> {
    const left: string[] = [];
    for (const { name } of services.filter(({ optional }) => optional === true)) {
      const { exitCode, stderr } = await this.#project.compose(['up', '--detach', '--no-deps', name], {
        reject: false,
      });
      if (exitCode === 0) continue;
      left.push(name);
      report(`${name} is left out: ${String(stderr).trim().split('\n').at(-1) ?? ''}`);
    }
    return left;
  }

  /** An app that waits for a person (it ended with 78, see run-app.sh) is started anew: what it said may be mended. */
  async #removeWaiting(apps: readonly string[]): Promise<void> {
    const courses = await this.#project.courses(apps);
    const waiting = courses.filter(({ lastCheck }) => lastCheck === EXIT_CONFIG).map(({ service }) => service);
    if (waiting.length > 0) await this.#project.compose(['rm', '--stop', '--force', ...waiting]);
  }

  /** What our containers publish already is not taken. */
  async #withFreePorts(wishes: Settings, profile: string, report: Report): Promise<Settings> {
    const containers = await this.#project.containers();
    const own = new Set(containers.flatMap((one) => (one.Publishers ?? []).map((p) => p.PublishedPort)));
    const isFree = async (port: number) => own.has(port) || (await isPortFree(port));
    const runs = (name: string) => containers.some(({ Service }) => Service === name);
    const moves = await movesFor(servicesOf(profile, wishes).filter(isOurs), catalogue(wishes), isFree, runs);
    return applyMoves(wishes, moves, this.#place, report);
  }
}

/** Compose writes `api-system-1-1  | ` before each line. */
function afterName(line: string): [before: string, line: string] {
  const [before = ''] = /^\S+ +\| /.exec(line) ?? [];
  return [before, line.slice(before.length)];
}

/** The broker of Compose has the plugin: there `auto` is delayed-exchange. */
function delayStrategy(env: Env, place: Place): string {
  const { DELAY_STRATEGY: chosen } = resolveSettings(env, place);
  return chosen === 'auto' ? 'delayed-exchange' : chosen;
}

async function statusOf(service: Service, container: Container | undefined): Promise<ServiceStatus> {
  const base = { name: service.name, kind: service.kind, address: addressOf(service) };
  if (!isOurs(service)) return { ...base, state: 'up', detail: 'run by somebody else' };
  if (container === undefined) return { ...base, state: 'down' };
  const state = stateOf(container);
  if (service.kind === 'server' || state !== 'up') return { ...base, state, detail: container.Status };
  const reason = await health(service, 'ready').catch((error: unknown) => because(error));
  return { ...base, state, detail: reason === undefined ? container.Status : `not ready: ${reason}` };
}

function stateOf({ State, Health }: Container): ServiceStatus['state'] {
  if (State !== 'running') return State === 'restarting' || State === 'created' ? 'starting' : 'down';
  return Health === 'starting' || Health === 'unhealthy' ? 'starting' : 'up';
}
