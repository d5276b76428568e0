import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { Report } from '@esteira/infra';
import { unpackDebian } from '../../infra/native/debian.ts';
import { installPackages, onPath } from '../../infra/native/packages.ts';
import { isRoot } from '../../infra/native/users.ts';
import { until } from '../../infra/src/until.ts';

/** The Debian release with an engine and a Compose that are new enough. */
const SUITE = 'forky';

/** Of the machine's own release: they are bound to its C library and its kernel's control groups. */
const OF_THE_MACHINE = { runc: 'runc', slirp4netns: 'slirp4netns', iptables: 'iptables', ip: 'iproute2' };

const PROGRAMS = [
  'usr/bin/docker',
  'usr/bin/docker-init',
  'usr/bin/containerd',
  'usr/bin/containerd-shim-runc-v2',
  'usr/bin/ctr',
  'usr/sbin/dockerd',
  'usr/sbin/docker-proxy',
];

/**
 * A Docker engine out of Debian's packages, in namespaces of its own: its mounts, its network, its firewall and its
 * processes are seen in there alone, and end with it, however this process ends. It keeps its images below `work`.
 */
export class OwnEngine {
  /** What a client needs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #work: string;
  readonly #cgroup: string;
  readonly #children: ChildProcess[] = [];

  /** @throws where this machine can't have one: that takes root on Debian. */
  static async start(work: string, report: Report): Promise<OwnEngine> {
    if (!isRoot() || onPath('apt-get') === undefined)
      throw new Error('No Docker engine answers here, and one of its own takes root on Debian.');
    const engine = new OwnEngine(work);
    try {
      await engine.#start(report);
    } catch (error) {
      await engine.stop();
      throw error;
    }
    return engine;
  }

  private constructor(work: string) {
    this.#work = work;
    this.#cgroup = `esteira-test-compose-${process.pid}`;
    this.environment = {
      PATH: `${join(work, 'bin')}:${process.env['PATH'] ?? ''}`,
      DOCKER_HOST: `unix://${join(work, 'run', 'docker.sock')}`,
      DOCKER_CONFIG: join(work, 'client'),
    };
  }

  /** Put before a command, it runs where the ports of the containers are. */
  get within(): readonly string[] {
    return ['nsenter', `--net=/proc/${this.#pid()}/ns/net`];
  }

  async #start(report: Report): Promise<void> {
    const missing = Object.entries(OF_THE_MACHINE).filter(([program]) => onPath(program) === undefined);
    if (missing.length > 0) {
      report(`installing ${missing.map(([, name]) => name).join(', ')} (apt-get)`);
      await installPackages(...missing.map(([, name]) => name));
    }
    await this.#unpack(report);
    const run = join(this.#work, 'run');
    rmSync(run, { recursive: true, force: true });
    mkdirSync(run);
    // Each ends with this process, and what unshare has started ends with it.
    const engine = ['--mount', '--net', '--pid', '--ipc', '--fork', '--kill-child', '--propagation=private'];
    const script = join(import.meta.dirname, 'engine.sh');
    this.#spawn('dockerd', ['unshare', ...engine, 'sh', script, this.#work, `/${this.#cgroup}`]);
    await this.#hasCome('its namespaces', () =>
      Promise.resolve(existsSync(join(run, 'pid')) && this.#pid() !== '' ? undefined : 'no pid'),
    );
    // 1,400 bytes pass through any tunnel that the machine's own way out may be.
    this.#spawn('slirp4netns', [
      'slirp4netns',
      '--configure',
      '--mtu=1400',
      '--disable-host-loopback',
      this.#pid(),
      'tap0',
    ]);
    await this.#hasCome('the engine', async () => {
      const { exitCode, stderr } = await execa('docker', ['version'], { env: this.environment, reject: false });
      return exitCode === 0 ? undefined : stderr;
    });
    report(`a Docker engine of Debian ${SUITE} runs below ${this.#work}`);
  }

  async stop(): Promise<void> {
    const [engine, ...others] = this.#children;
    const pid = existsSync(join(this.#work, 'run', 'pid')) ? Number(this.#pid()) : 0;
    // dockerd stops its containers, and writes down what it knows; the data is used again.
    if (engine !== undefined && isRunning(engine) && pid > 0) {
      process.kill(pid, 'SIGTERM');
      await until(() => Promise.resolve(isRunning(engine) ? 'it runs' : undefined), { timeoutMs: 60_000 }).catch(
        () => undefined,
      );
    }
    for (const child of [...others, ...(engine === undefined ? [] : [engine])]) {
      if (!isRunning(child)) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    this.#removeControlGroups();
    rmSync(join(this.#work, 'run'), { recursive: true, force: true });
  }

  /** The kernel keeps the groups of processes that are gone; the innermost go first. */
  #removeControlGroups(): void {
    const groups = globSync(`/sys/fs/cgroup/{,*/}${this.#cgroup}{,/**/}`).filter((path) => !path.endsWith('.'));
    for (const group of groups.sort((a, b) => b.length - a.length)) {
      try {
        rmdirSync(group);
      } catch (error) {
        // A file of the group, or gone with its parent.
        if (!['ENOTDIR', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    }
  }

  async #unpack(report: Report): Promise<void> {
    const root = join(this.#work, 'engine');
    if (!existsSync(root)) {
      report(`unpacking Docker Engine and Compose of Debian ${SUITE} (once)`);
      const partial = `${root}.partial`;
      rmSync(partial, { recursive: true, force: true });
      const packages = ['docker.io', 'docker-cli', 'docker-compose', 'docker-buildx'];
      await unpackDebian({ suite: SUITE, packages, target: partial }, report);
      renameSync(partial, root);
    }
    const links = [
      ...PROGRAMS.map((path) => ({ from: join('bin', basename(path)), to: join(root, path) })),
      ...['docker-compose', 'docker-buildx'].map((name) => ({
        from: join('client', 'cli-plugins', name),
        to: join(root, 'usr/libexec/docker/cli-plugins', name),
      })),
    ];
    for (const directory of ['bin', 'client/cli-plugins', 'data'])
      mkdirSync(join(this.#work, directory), { recursive: true });
    for (const { from, to } of links) {
      rmSync(join(this.#work, from), { force: true });
      symlinkSync(to, join(this.#work, from));
    }
  }

  /** The kernel ends it when this process ends. */
  #spawn(name: string, command: readonly string[]): void {
    const log = openSync(join(this.#work, `${name}.log`), 'w');
    const env = { ...process.env, ...this.environment };
    this.#children.push(spawn('setpriv', ['--pdeathsig=KILL', ...command], { env, stdio: ['ignore', log, log] }));
  }

  async #hasCome(what: string, probe: () => Promise<string | undefined>): Promise<void> {
    const giveUp = () => (this.#children.every(isRunning) ? undefined : new Error('it has ended'));
    await until(probe, { timeoutMs: 120_000, giveUp }).catch((error: unknown) => {
      const lines = readFileSync(join(this.#work, 'dockerd.log'), 'utf8').trim().split('\n').slice(-15).join('\n');
      throw new Error(`The engine does not start (${what}: ${String(error)}). Its last lines:\n${lines}`);
    });
  }

  #pid(): string {
    return readFileSync(join(this.#work, 'run', 'pid'), 'utf8').trim();
  }
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;
