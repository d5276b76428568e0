import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadSettings } from '@esteira/settings';
import { afterAll, expect, it } from 'vitest';
import { changedApps, codeOfApps, prepareApp } from '../native/apps.ts';
import { codeOf } from '../native/code.ts';
import { appsOf } from '../src/catalogue.ts';

const root = mkdtempSync(join(tmpdir(), 'esteira-code-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
const write = (file: string, text: string) => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
};

it('names the code of an app: its own, that of the libraries, its packages and the files it is given, no other', () => {
  write('apps/one/src/main.ts', 'a');
  write('apps/one/src/deep/part.ts', 'a');
  write('apps/two/src/main.ts', 'a');
  write('libs/some/src/index.ts', 'a');
  write('package-lock.json', 'a');
  const now = () => codeOf(root, 'apps/one/src/main.ts', [join(root, 'verifier.ts'), join(root, 'not-there.ts')]);
  const before = now();
  write('apps/two/src/main.ts', 'b');
  write('libs/some/test/index.test.ts', 'b');
  expect(now()).toBe(before);
  const seen = new Set([before]);
  for (const file of ['apps/one/src/deep/part.ts', 'libs/some/src/index.ts', 'package-lock.json', 'verifier.ts']) {
    write(file, 'b');
    expect(seen).not.toContain(now());
    seen.add(now());
  }
});

it('stands in the environment of each app, so that those that run by other code or settings are found', () => {
  const settings = loadSettings({});
  const others = loadSettings({ MAX_ATTEMPTS: '7' });
  const apps = appsOf(settings);
  const code = codeOfApps(apps.map((service) => ({ prepared: prepareApp(service, settings) })));
  expect(Object.keys(code)).toEqual(apps.map(({ name }) => name));
  const before = { active: ['api-system-1', 'consumer-1'], listening: {}, internal: {}, secrets: {} };
  expect(changedApps({ ...before, code }, code)).toEqual([]);
  expect(changedApps({ ...before, code: { ...code, 'consumer-1': 'older', console: 'older' } }, code)).toEqual([
    'consumer-1',
  ]);
  const otherwise = codeOfApps(apps.map((service) => ({ prepared: prepareApp(service, others) })));
  expect(changedApps({ ...before, code: otherwise }, code)).toEqual(['api-system-1', 'consumer-1']);
  expect(changedApps({ ...before, code: {} }, code)).toEqual(['api-system-1', 'consumer-1']);
});
