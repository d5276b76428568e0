import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, settingsEntries } from '@esteira/settings';
import { expect, it, onTestFinished } from 'vitest';
import type { Place } from '../src/paths.ts';
import { forgetRunning, recordRunning, resolveSettings } from '../src/settings.ts';

function someplace(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'esteira-settings-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const at = (name: string) => join(directory, name);
  return { envFile: at('.env'), runningFile: at('running.json'), state: at('n'), compose: at('c'), cache: at('cache') };
}

it.each(['a #secret', '"quoted" and more', "'single'", '`tick`', ' at both ends ', 'a\\', 'two\nlines'])(
  'what runs is remembered as it was started, with %j in a value too',
  (start) => {
    const place = someplace();
    const settings = loadSettings({ SESSION_SECRET: start.padEnd(32, start) });
    recordRunning(settings, place);
    expect(settingsEntries(resolveSettings({}, place))).toEqual(settingsEntries(settings));
    forgetRunning(place);
    expect(resolveSettings({}, place).SESSION_SECRET).toBe('');
  },
);
