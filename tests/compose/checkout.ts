import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@esteira/infra';
import { execa, type Options } from 'execa';

/** The project that the tests run as: what somebody else runs here is another one. */
export const PROJECT = 'esteira-test';

/** A copy of this checkout, as somebody has it who keeps files to themselves (umask 077). It has `.env` and state of its own. */
export class Checkout {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** The files that Git knows or would take, and the packages that are installed here. */
  static async in(directory: string): Promise<Checkout> {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const copy =
      'git ls-files -z --cached --others --exclude-standard --deduplicate | tar --create --null --ignore-failed-read --files-from=- |' +
      ' (umask 077; tar --extract --no-same-permissions --directory "$0")';
    await execa('sh', ['-c', copy, directory], { cwd: REPOSITORY });
    const installed = join(REPOSITORY, 'node_modules');
    const target = join(directory, 'node_modules');
    mkdirSync(target);
    // The packages of this repository are links to its folders, which have to lead to those of the copy.
    cpSync(join(installed, '@esteira'), join(target, '@esteira'), { recursive: true, verbatimSymlinks: true });
    const others = readdirSync(installed).filter((name) => name !== '@esteira');
    for (const name of others) symlinkSync(join(installed, name), join(target, name));
    return new Checkout(directory);
  }

  /** A command of `make`, as it runs it but for npm. */
  esteira(args: readonly string[], env: Record<string, string> = {}, options: Options = {}) {
    return this.#run(process.execPath, ['apps/cli/src/main.ts', ...args], env, options);
  }

  /** `docker compose` by hand. */
  compose(args: readonly string[], options: Options = {}) {
    return this.#run('docker', ['compose', ...args], {}, options);
  }

  #run(program: string, args: readonly string[], env: Record<string, string>, options: Options) {
    return execa(program, args, {
      cwd: this.directory,
      env: { COMPOSE_PROJECT_NAME: PROJECT, ...env },
      stdin: 'ignore',
      all: true,
      ...options,
    });
  }
}
