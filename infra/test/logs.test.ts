import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@esteira/observability';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DockerRuntime } from '../docker/runtime.ts';
import { printLogs, tail } from '../native/logs.ts';

let directory: string;
let written = '';
const path = process.env['PATH'];
const at = (name: string) => join(directory, name);

/** What an app writes, and what a server does: the one is JSON, the other is not. */
const lines = () => {
  let line = '';
  const destination = { write: (one: string) => (line += one) };
  const logger = createLogger({ name: 'orders-api system-1', level: 'info', destination });
  logger.warn({ run: 7, err: new Error('no way') }, 'a run waits');
  return `${line}2026-11-22 LOG:  database system is ready\n`;
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'esteira-logs-'));
  mkdirSync(at('logs'));
  written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  process.env['PATH'] = path;
  rmSync(directory, { recursive: true, force: true });
});

describe('the logs, natively', () => {
  it("say when, how bad and what, and leave a server's lines as they are", async () => {
    writeFileSync(at('logs/api-system-1.log'), lines());
    await printLogs(directory, { follow: false, raw: false });
    const before = 'api-system-1           | ';
    expect(written).toMatch(/^api-system-1 {11}\| \[[-\d]{10} [:.\d]{12}\] WARN: a run waits \{"run":7\}\n/);
    expect(written).toContain(`${before}          Error: no way\n`);
    expect(written.endsWith(`${before}2026-11-22 LOG:  database system is ready\n`)).toBe(true);
    expect(written.split('\n').every((line) => line === '' || line.startsWith(before))).toBe(true);
  });

  it('are the JSON that they are where that is asked for', async () => {
    writeFileSync(at('logs/console.log'), lines());
    await printLogs(directory, { follow: false, raw: true });
    expect(written).toMatch(/^console {16}\| \{"level":40,.*"msg":"a run waits"\}\n/);
  });

  it('are readable too where an app does not start', () => {
    writeFileSync(at('logs/console.log'), lines());
    expect(tail(directory, 'console')).toMatch(/\n {2}\[.*WARN: a run waits[^]*ready$/);
  });
});

describe('the logs of Compose', () => {
  const logs = async (raw: boolean) => {
    writeFileSync(at('written'), lines().replaceAll(/^(?=.)/gm, 'api-system-1-1  | '));
    const stub = `#!/bin/sh\ncase "$*" in *" logs "*) echo "$@" > '${at('asked')}'; cat '${at('written')}' ;; esac\n`;
    writeFileSync(at('docker'), stub, { mode: 0o755 });
    process.env['PATH'] = `${directory}:${path ?? ''}`;
    const place = { envFile: at('.env'), runningFile: at('running.json'), state: at('n'), compose: at('c') };
    await new DockerRuntime({ ...place, cache: at('cache') }, 'one').logs({ follow: false, raw });
  };

  it('are readable, each line with its container before it', async () => {
    await logs(false);
    expect(written).toMatch(/^api-system-1-1 {2}\| \[.*\] WARN: a run waits \{"run":7\}\n/);
    expect(written).toContain('api-system-1-1  |           Error: no way\n');
    expect(written.endsWith('api-system-1-1  | 2026-11-22 LOG:  database system is ready\n')).toBe(true);
  });
});
