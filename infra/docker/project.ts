import { allSettings } from '@esteira/settings';
import { execa, type Options } from 'execa';
import { shownLines } from '../src/log-lines.ts';
import { REPOSITORY, type Place } from '../src/paths.ts';
import type { Report } from '../src/runtime.ts';
import { resolveSettings } from '../src/settings.ts';
import { composeFiles } from './compose.ts';

/** One line of `docker compose ps --format json`. */
export interface Container {
  readonly ID: string;
  readonly Service: string;
  readonly State: string;
  readonly Health: string;
  readonly Status: string;
  readonly Publishers?: readonly { PublishedPort: number }[] | null;
}

/** What of `docker inspect` tells how an app fares. */
interface Inspected {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: { readonly Health?: { readonly Log?: readonly { ExitCode: number }[] | null } | null };
}

/** How the process of a container fares. */
export interface Course {
  readonly service: string;
  /** How often the engine has started it again. */
  readonly restarts: number;
  /** What the last health check ended with. */
  readonly lastCheck: number | undefined;
}

/** Compose puts it on all that it makes: containers, networks, volumes and images, those of earlier builds too. */
const LABEL = 'com.docker.compose.project';

/** A Compose project: the services of one place, under one name. */
export class Project {
  readonly name: string;
  readonly #place: Place;

  constructor(name: string, place: Place) {
    this.name = name;
    this.#place = place;
  }

  /** `docker compose` with this project's files. Each service is in a profile, and a profile not named hides its own. */
  compose(command: readonly string[], options: Options = {}) {
    const files = composeFiles(resolveSettings({}, this.#place), this.#place.compose);
    const before = ['--project-name', this.name, ...files, '--profile', '*'];
    return execa('docker', ['compose', ...before, ...command], {
      cwd: REPOSITORY,
      stdin: 'ignore',
      // The command line's settings are in the files already; for Compose, what stands in the environment would win.
      extendEnv: false,
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name))),
        // A note of when it was built makes each build another image, and another image another container.
        BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
      },
      ...options,
    });
  }

  async containers(): Promise<Container[]> {
    const { stdout } = await this.compose(['ps', '--all', '--format', 'json']);
    return String(stdout)
      .trim()
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Container]));
  }

  /** How the containers of these services fare. */
  async courses(services: readonly string[]): Promise<Course[]> {
    const containers = (await this.containers()).filter(({ Service }) => services.includes(Service));
    if (containers.length === 0) return [];
    const ids = containers.map(({ ID }) => ID);
    // One may be replaced in between; the others are answered for.
    const { stdout } = await execa('docker', ['container', 'inspect', ...ids], { reject: false, stdin: 'ignore' });
    return (JSON.parse(stdout) as Inspected[]).map(({ Id, RestartCount, State }) => ({
      service: containers.find(({ ID }) => Id.startsWith(ID))?.Service ?? Id,
      restarts: RestartCount,
      lastCheck: State.Health?.Log?.at(-1)?.ExitCode,
    }));
  }

  /** The last lines that a service wrote, readable. */
  async tail(service: string, count = 25): Promise<string> {
    const options = ['--no-log-prefix', '--no-color', '--tail', String(count)];
    const { stdout } = await this.compose(['logs', ...options, service], { reject: false });
    const shown = shownLines({ raw: false });
    const lines = String(stdout).trimEnd().split('\n');
    return lines
      .flatMap((line) => shown('  ', line).trimEnd().split('\n'))
      .slice(-count)
      .join('\n');
  }

  /** Removes all that carries the project's label; what another project uses, and only that, stays and is told. */
  async remove(report: Report): Promise<void> {
    await this.compose(['down', '--remove-orphans', '--volumes']);
    for (const kind of ['container', 'network', 'volume', 'image'] as const) {
      const ids = await this.#labelled(kind);
      if (ids.length === 0) continue;
      const force = kind === 'network' ? [] : ['--force'];
      const { stderr } = await execa('docker', [kind, 'rm', ...force, ...ids], { reject: false, stdin: 'ignore' });
      const left = await this.#labelled(kind);
      if (left.length > 0) report(`${kind}s that stay: ${left.join(', ')}: ${stderr}`);
    }
  }

  async #labelled(kind: 'container' | 'network' | 'volume' | 'image'): Promise<string[]> {
    const all = kind === 'container' || kind === 'image' ? ['--all'] : [];
    const { stdout } = await execa('docker', [
      kind,
      'ls',
      ...all,
      '--quiet',
      '--filter',
      `label=${LABEL}=${this.name}`,
    ]);
    return [...new Set(stdout.split('\n').filter((id) => id !== ''))];
  }
}

/** Whether a variable is one of the settings. */
export const isSetting = (name: string): boolean => SETTINGS.has(name) || /^SYSTEM\d+_/.test(name);

const SETTINGS = new Set(allSettings.documents().map((setting) => setting.name));
