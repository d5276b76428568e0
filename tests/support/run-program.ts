import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** How a program ended, and all that it wrote. */
export interface EndedProgram {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program of the project to its end. `file` is its path in the repository. */
export async function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<EndedProgram> {
  const child = spawn(process.execPath, [join(ROOT, file), ...args], { env: { ...process.env, ...env }, cwd: ROOT });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
