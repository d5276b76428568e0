import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** How a process that gives up at once ends: its exit code, and after how many milliseconds. */
async function ended(env: Record<string, string>, supervisedSeconds = '') {
  const file = join(import.meta.dirname, '../src/exit.ts');
  const script = `import { exitForPerson } from ${JSON.stringify(file)}; exitForPerson(${supervisedSeconds});`;
  const started = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env['PATH'], ...env },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, afterMs: performance.now() - started };
}

it('ends with 78 for a person; under supervisord not before its exit code counts', async () => {
  // Alone it ends although its exit code would count in a day.
  const [alone, supervised] = await Promise.all([ended({}, '86_400'), ended({ SUPERVISOR_ENABLED: '1' })]);
  expect([alone.code, supervised.code]).toEqual([78, 78]);
  expect(supervised.afterMs).toBeGreaterThanOrEqual(6_000);
});
