import { execa } from 'execa';
import { Obstacle } from '../src/obstacle.ts';
import type { Report } from '../src/runtime.ts';

/** What docker-compose.yml takes: `start_interval` (Engine 25), env files that may be missing (Compose 2.24). */
const OLDEST = { engine: '25.0', compose: '2.24' };

/** How long an engine may take to answer: one that has just been started loads its containers first. */
export interface Patience {
  readonly silentMs: number;
  readonly limitMs: number;
}

const PATIENCE: Patience = { silentMs: 5_000, limitMs: 90_000 };

/**
 * Whether a Docker engine with the compose plugin answers. One that refuses is none; one that is slow is waited for, and
 * that is said.
 *
 * @throws Obstacle where it takes too long, and where one of the two is too old.
 */
export async function dockerAnswers(report: Report, { silentMs, limitMs }: Patience = PATIENCE): Promise<boolean> {
  const slow = setTimeout(() => {
    report(`waiting for the Docker engine to answer, for up to ${limitMs / 1_000} s`);
  }, silentMs);
  try {
    const compose = await answerTo(['compose', 'version', '--short'], limitMs);
    const engine = compose === undefined ? undefined : await answerTo(ENGINE_VERSION, limitMs);
    if (compose === undefined || engine === undefined) return false;
    refuseOld(engine, compose);
    return true;
  } finally {
    clearTimeout(slow);
  }
}

const ENGINE_VERSION = ['version', '--format', '{{.Server.Version}}'];

function refuseOld(engine: string, compose: string): void {
  const old = [
    ...(isAtLeast(engine, OLDEST.engine) ? [] : [`Docker Engine ${engine} is older than ${OLDEST.engine}`]),
    ...(isAtLeast(compose, OLDEST.compose) ? [] : [`Docker Compose ${compose} is older than ${OLDEST.compose}`]),
  ];
  if (old.length === 0) return;
  throw new Obstacle(`${old.join(', and ')}: renew it, or run the same servers without it: ESTEIRA_RUNTIME=native.`);
}

async function answerTo(question: readonly string[], limitMs: number): Promise<string | undefined> {
  const asked = await execa('docker', question, { reject: false, stdin: 'ignore', timeout: limitMs });
  if (asked.timedOut) throw new Obstacle(noAnswer(question, limitMs));
  return asked.exitCode === 0 && asked.stdout.trim() !== '' ? asked.stdout.trim() : undefined;
}

const noAnswer = (question: readonly string[], limitMs: number): string =>
  `The Docker engine did not answer within ${limitMs / 1_000} s: \`docker ${question.join(' ')}\` hangs. ` +
  'Start it anew, or run the same servers without it: ESTEIRA_RUNTIME=native.';

/** By major and minor number; what stands around them (`v2.40.3-desktop.1`, `28.5.2+dfsg4`) doesn't count. */
function isAtLeast(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = numbers(version);
  const [oldestMajor = 0, oldestMinor = 0] = numbers(oldest);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

const numbers = (version: string): number[] => (version.match(/\d+/g) ?? []).map(Number);
