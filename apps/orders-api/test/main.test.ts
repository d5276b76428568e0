import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openPostgres } from '@esteira/postgres';
import { startPipeline } from '@esteira/tests/support';
import { describe, expect, it } from 'vitest';
import { until } from './support.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');

async function runMain(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], { env: { ...process.env, ...env } });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  return { code, output };
}

/** A file, or its first half and then nothing more. */
function csv(rows: number, whole: boolean): Readable {
  async function* lines(): AsyncGenerator<string> {
    yield 'product,price\n';
    for (let i = 0; i < rows; i++) {
      if (!whole && i === rows / 2) await new Promise(() => undefined);
      yield `${i} CDs,1.50\n`;
    }
  }
  return Readable.from(lines());
}

describe('the process', () => {
  it('ends with 78 and all mistakes when its settings can not be used', async () => {
    expect(await runMain({ SYSTEM: 'nowhere', SYSTEMS: 'a,b' })).toEqual({
      code: 78,
      output: expect.stringContaining('SYSTEM is nowhere; it must be one of SYSTEMS: a, b') as string,
    });
    const { code, output } = await runMain({ SYSTEM: 'a', SYSTEMS: 'a', MAX_ATTEMPTS: '0', REDIS_URL: 'x' });
    expect(code).toBe(78);
    expect(output).toMatch(/MAX_ATTEMPTS[^]*REDIS_URL|REDIS_URL[^]*MAX_ATTEMPTS/);
  });

  it('goes on with an import after kill -9, and ends with 0 when it is asked to', async () => {
    const pipeline = await startPipeline({ systems: 1, consumers: 0 });
    const url = pipeline.settings.systems[0]?.databaseUrl ?? '';
    const postgres = openPostgres({ url, applicationName: 'main test', max: 2 });
    const [api] = pipeline.apis;
    try {
      const count = async () =>
        (await postgres.query<{ n: number }>('select count(distinct product)::int as n from orders'))[0]?.n ?? 0;
      const send = (whole: boolean) =>
        fetch(`${api?.url ?? ''}/v0/orders/import`, {
          method: 'POST',
          headers: { 'content-type': 'text/csv', 'idempotency-key': 'killed' },
          body: Readable.toWeb(csv(20_000, whole)),
          duplex: 'half',
        });
      const first = send(false).catch((error: unknown) => error);
      await until(count, (n) => n > 0);
      expect(await api?.end('SIGKILL')).toBe('SIGKILL');
      expect(await first).toBeInstanceOf(Error);
      expect(await count()).toBeLessThan(20_000);
      await api?.start();
      const again = await until(
        () => send(true),
        ({ status }) => status !== 409,
      );
      expect(await again.json()).toMatchObject({ imported: 20_000 });
      const [all] = await postgres.query<{ n: number }>('select count(*)::int as n from orders');
      expect([await count(), all?.n]).toEqual([20_000, 20_000]);
      await pipeline.post(0, '/v0/process/run');
      expect(await api?.end('SIGTERM')).toBe(0);
    } finally {
      await postgres.close();
      await pipeline.stop();
    }
  });
});
