import { rmSync } from 'node:fs';
import { settingsSchema, type Env, type Settings } from '@esteira/config';
import { execa, type Options } from 'execa';
import { addressOf, catalogue, isOurs, servicesOf, type Service } from '../src/catalogue.ts';
import { health, questionFor } from '../src/health.ts';
import { shownLines, type LogOptions } from '../src/log-lines.ts';
import { Obstacle } from '../src/obstacle.ts';
import { mainPlace, REPOSITORY, type Place } from '../src/paths.ts';
import { isPortFree, movesFor } from '../src/ports.ts';
import type { Report, Runtime, ServiceStatus } from '../src/runtime.ts';
import { applyMoves, forgetRunning, recordRunning, resolveSettings, startSettings } from '../src/settings.ts';
import { because, until } from '../src/until.ts';
import { composeFiles } from './compose.ts';

/** One line of `docker compose ps --format json`. */
interface Container {
  readonly Service: string;
  readonly State: string;
  readonly Health: string;
  readonly Status: string;
  readonly Publishers?: readonly { PublishedPort: number }[] | null;
}

/** What Compose says is for people. */
const SHOWN = { stdout: 'inherit', stderr: 'inherit' } as const;

/** The images that are built here; the others may be somebody else's too. */
const IMAGES = ['esteira-app', 'esteira-rabbitmq'];

/** The same servers and apps as containers, by docker-compose.yml and what these settings add to it. */
export class DockerRuntime implements Runtime {
  readonly name = 'docker';
  readonly #place: Place;
  readonly #project: string;

  constructor(place: Place = mainPlace, project = 'esteira') {
    this.#place = place;
    this.#project = project;
  }

  async start(env: Env, { profile, report }: { profile: string; report: Report }): Promise<Settings> {
    const wishes = startSettings({ ...env, DELAY_STRATEGY: delayStrategy(env, this.#place) }, this.#place);
    const settings = await this.#withFreePorts(wishes, profile, report);
    recordRunning(settings, this.#place);
    const services = servicesOf(profile, settings).filter(isOurs);
    const needed = services.filter(({ optional }) => optional !== true);
    const named = (kind: Service['kind']) => needed.filter((one) => one.kind === kind).map(({ name }) => name);
    await this.#up(named('server'));
    await this.#removeWaiting(named('app'));
    await this.#up(named('app'));
    for (const { name } of services.filter(({ optional }) => optional === true)) {
      const { exitCode } = await this.#compose(['up', '--detach', '--no-deps', name], { reject: false });
      if (exitCode !== 0) report(`${name} is left out: its image can't be had`);
    }
    await this.#appsReady(services, settings);
    for (const service of services) report(`${service.name} is ready: ${addressOf(service)}`);
    return settings;
  }

  async stop({ report }: { report: Report }): Promise<void> {
    report('stopping the containers');
    await this.#compose(['--profile', '*', 'down', '--remove-orphans']);
    forgetRunning(this.#place);
  }

  async stopApps({ report }: { report: Report }): Promise<void> {
    const apps = (await this.status()).filter(({ kind, state }) => kind === 'app' && state !== 'down');
    report(`stopping ${apps.length} apps`);
    if (apps.length > 0) await this.#compose(['--profile', '*', 'stop', ...apps.map(({ name }) => name)]);
  }

  async status(): Promise<ServiceStatus[]> {
    const containers = new Map((await this.#containers()).map((one) => [one.Service, one]));
    const services = catalogue(resolveSettings(process.env, this.#place));
    return Promise.all(services.map((service) => statusOf(service, containers.get(service.name))));
  }

  async logs({ follow, service, raw }: LogOptions): Promise<void> {
    const options = ['--tail', '200', ...(follow ? ['--follow'] : []), ...(service === undefined ? [] : [service])];
    if (raw) {
      await this.#compose(['logs', ...options], { ...SHOWN, reject: false });
      return;
    }
    const shown = shownLines({ raw });
    const lines = this.#compose(['logs', ...options], { stderr: 'inherit', reject: false, buffer: false });
    for await (const line of lines.iterable()) process.stdout.write(shown(...afterName(String(line))));
  }

  async restart(service: string): Promise<void> {
    await this.#compose(['restart', service]);
  }

  async prune({ report }: { report: Report }): Promise<void> {
    report('removing containers, volumes and images');
    await this.#compose(['--profile', '*', 'down', '--remove-orphans', '--volumes']);
    if (this.#place === mainPlace)
      await execa('docker', ['image', 'rm', ...IMAGES], { reject: false, stdin: 'ignore' });
    forgetRunning(this.#place);
    rmSync(this.#place.envFile, { force: true });
    rmSync(this.#place.compose, { recursive: true, force: true });
  }

  /** A healthy container's app lives; whether it can work it says itself. */
  async #appsReady(services: readonly Service[], settings: Settings): Promise<void> {
    const up = (await this.status()).filter(({ state }) => state === 'up').map(({ name }) => name);
    const started = catalogue(settings).filter(({ name }) => up.includes(name));
    const apps = services.filter(({ kind }) => kind === 'app');
    const ready = apps.map(async (app) => {
      const question = questionFor(app, started, settings);
      await until(() => health(app, question), { timeoutMs: 120_000 }).catch((error: unknown) => {
        throw new Error(`${app.name} is not ready: ${String(error)}. Its log: docker compose logs ${app.name}`);
      });
    });
    await Promise.all(ready);
  }

  /** In two steps, and without what Compose would add: a server that somebody else runs is not started. */
  async #up(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const options = ['--detach', '--build', '--wait', '--wait-timeout', '300', '--no-deps'];
    const { exitCode } = await this.#compose(['up', ...options, ...names], { ...SHOWN, reject: false });
    if (exitCode === 0) return;
    throw new Obstacle(
      'Docker Compose could not start everything. What it says stands above; `make logs SERVICE=<name>` shows what a container says.',
    );
  }

  /** An app that waits for a person (it ended with 78, see run-app.sh) is started anew: what it said may be mended. */
  async #removeWaiting(apps: readonly string[]): Promise<void> {
    const waiting = (await this.#containers()).filter(({ Health }) => Health === 'unhealthy').map((one) => one.Service);
    const again = apps.filter((name) => waiting.includes(name));
    if (again.length > 0) await this.#compose(['rm', '--stop', '--force', ...again]);
  }

  async #containers(): Promise<Container[]> {
    const { stdout } = await this.#compose(['ps', '--all', '--format', 'json']);
    const lines = String(stdout).trim();
    if (lines.startsWith('[')) return JSON.parse(lines) as Container[]; // before Compose 2.21
    return lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Container]));
  }

  /** What our containers publish already is not taken. */
  async #withFreePorts(wishes: Settings, profile: string, report: Report): Promise<Settings> {
    const containers = await this.#containers();
    const own = new Set(containers.flatMap((one) => (one.Publishers ?? []).map((p) => p.PublishedPort)));
    const isFree = async (port: number) => own.has(port) || (await isPortFree(port));
    const runs = (name: string) => containers.some(({ Service }) => Service === name);
    const moves = await movesFor(servicesOf(profile, wishes).filter(isOurs), catalogue(wishes), isFree, runs);
    return applyMoves(wishes, moves, this.#place, report);
  }

  #compose(command: readonly string[], options: Options = {}) {
    const files = composeFiles(resolveSettings({}, this.#place), this.#place.compose);
    const before = ['--project-name', this.#project, ...files];
    return execa('docker', ['compose', ...before, ...command], {
      cwd: REPOSITORY,
      stdin: 'ignore',
      // The command line's settings are in the files already; for Compose, what stands in the environment would win.
      extendEnv: false,
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name))),
      ...options,
    });
  }
}

/** Compose writes `api-system-1-1  | ` before each line. */
function afterName(line: string): [before: string, line: string] {
  const [before = ''] = /^\S+ +\| /.exec(line) ?? [];
  return [before, line.slice(before.length)];
}

const isSetting = (name: string): boolean => name in settingsSchema.properties || /^SYSTEM\d+_/.test(name);

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
