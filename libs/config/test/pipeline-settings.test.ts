import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { expect, it } from 'vitest';
import {
  attemptSettings,
  composeSettings,
  forPipeline,
  pipelineSettings,
  SettingsError,
  settingsPart,
  type Env,
  type SettingsOf,
} from '../src/index.ts';

const DELAYS = ['auto', 'wait-queue', 'delayed-exchange'];
const brokerSettings = settingsPart({
  properties: { DELAY_STRATEGY: Type.Enum(DELAYS, { default: 'auto', description: 'How a retry waits.' }) },
});
const takingSettings = settingsPart({
  properties: { PREFETCH: Type.Integer({ default: 100, minimum: 1, description: 'How much is taken.' }) },
});
type Shared = SettingsOf<typeof attemptSettings> & SettingsOf<typeof takingSettings>;
const shared = [attemptSettings, takingSettings];
const vans = pipelineSettings<'vans', Shared>('vans', shared);
const nightShift = pipelineSettings<'night-shift', Shared>('night-shift', shared);
const composed = composeSettings<
  Shared & SettingsOf<typeof brokerSettings> & SettingsOf<typeof vans> & SettingsOf<typeof nightShift>
>([...shared, brokerSettings, vans, nightShift]);

const load = (env: Env) => composed.load(env);

it('what a pipeline has for itself counts for it alone; the general setting counts for the others', () => {
  const settings = load({ MAX_ATTEMPTS: '7', VANS_MAX_ATTEMPTS: '2', NIGHT_SHIFT_PREFETCH: '9' });
  const [forVans, forNights] = [forPipeline(settings, 'vans'), forPipeline(settings, 'night-shift')];
  expect([settings.MAX_ATTEMPTS, forVans.MAX_ATTEMPTS, forNights.MAX_ATTEMPTS]).toEqual([7, 2, 7]);
  expect([settings.PREFETCH, forVans.PREFETCH, forNights.PREFETCH]).toEqual([100, 100, 9]);
  expect(forPipeline(load({ VANS_MAX_ATTEMPTS: '' }), 'vans').MAX_ATTEMPTS).toBe(5);
});

it('what is made of settings is made of the pipeline’s own: a wait of its own counts where all others grow', () => {
  const env = { RETRY_SCHEDULE: '1s,2s', VANS_RETRY_DELAY_MS: '50', NIGHT_SHIFT_RETRY_SCHEDULE: '3s' };
  const settings = load(env);
  expect(settings.retrySchedule).toEqual({ kind: 'list', delaysMs: [1_000, 2_000] });
  expect(settings.vansSettings.retrySchedule).toEqual({ kind: 'list', delaysMs: [50] });
  expect(settings['night-shiftSettings'].retrySchedule).toEqual({ kind: 'list', delaysMs: [3_000] });
  expect(load({ ...env, VANS_RETRY_SCHEDULE: '4s' }).vansSettings.retrySchedule).toEqual({
    kind: 'list',
    delaysMs: [4_000],
  });
});

it('a mistake is told with the name of the variable that was set, or with its file', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'esteira-')), 'attempts');
  writeFileSync(file, 'many\n');
  const wrong = () =>
    load({
      ...{ VANS_MAX_ATTEMPTS_FILE: file, VANS_RETRY_SCHEDULE: 'soon', VANS_RETRY_JITTER: '0.5' },
      ...{ NIGHT_SHIFT_PREFETCH: '0', RETRY_SCHEDULE: 'never' },
    });
  expect(wrong).toThrow(SettingsError);
  const named = ['VANS_RETRY_SCHEDULE', 'VANS_RETRY_JITTER', 'NIGHT_SHIFT_PREFETCH', 'RETRY_SCHEDULE'];
  for (const name of named) expect(wrong).toThrow(new RegExp(`^  ${name} `, 'm'));
  expect(wrong).toThrow(`VANS_MAX_ATTEMPTS, read from ${file}, `);
  // A mistake of a general setting is told once, however many pipelines have it.
  const general = () => load({ RETRY_SCHEDULE: 'never' });
  expect(general).toThrow(/^Settings can't be used:\n {2}RETRY_SCHEDULE [^\n]+$/);
});

it('what is printed comes back unchanged, and what is not set stays unset', () => {
  const settings = load({ MAX_ATTEMPTS: '7', VANS_MAX_ATTEMPTS: '2' });
  const printed = Object.fromEntries(composed.entries(settings));
  expect(printed).toMatchObject({ MAX_ATTEMPTS: '7', VANS_MAX_ATTEMPTS: '2', NIGHT_SHIFT_MAX_ATTEMPTS: '' });
  expect(load(printed)).toEqual(settings);
  const documented = composed.documents().find(({ name }) => name === 'VANS_MAX_ATTEMPTS');
  expect(documented).toEqual({
    ...{ name: 'VANS_MAX_ATTEMPTS', default: '' },
    description: 'MAX_ATTEMPTS of the pipeline vans alone.',
  });
});
