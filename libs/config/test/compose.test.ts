import { Type } from 'typebox';
import { expect, it } from 'vitest';
import {
  accessSettings,
  composeSettings,
  settingsPart,
  SettingsError,
  urlSetting,
  type SettingsOf,
} from '../src/index.ts';

const postSettings = settingsPart({
  properties: {
    OFFICES: Type.String({ default: 'north', description: 'The offices, comma-separated.' }),
    POST_URL: urlSetting('http://127.0.0.1:9000', 'Where letters are handed in.'),
  },
  further: ({ OFFICES = 'north' }) =>
    Object.fromEntries(
      OFFICES.split(',').map((_, i) => [
        `OFFICE${i + 1}_DESKS`,
        Type.Integer({ default: 2, description: 'How many desks.' }),
      ]),
    ),
  urlKind: (name) => (name === 'POST_URL' ? { schemes: ['http'], path: 'any' } : undefined),
  problems: ({ OFFICES = '' }) => (OFFICES.includes('west') ? ['OFFICES names the west, which is closed'] : []),
  derived: (values): { desks: number } => ({
    desks: Object.entries(values).reduce(
      (sum, [name, value]) => sum + (name.endsWith('_DESKS') ? Number(value) : 0),
      0,
    ),
  }),
});

const vanSettings = settingsPart({
  properties: { VANS: Type.Integer({ default: 1, minimum: 1, description: 'How many vans.' }) },
});

const composed = composeSettings<SettingsOf<typeof postSettings> & SettingsOf<typeof vanSettings>>([
  postSettings,
  vanSettings,
]);

it('what packages declare is read as one: values, what is made of them, and settings that depend on others', () => {
  expect(composed.load({})).toMatchObject({ OFFICES: 'north', VANS: 1, desks: 2 });
  expect(composed.load({ OFFICES: 'north,south', OFFICE2_DESKS: '5', VANS: '3' })).toMatchObject({ VANS: 3, desks: 7 });
  expect(composed.documents().map(({ name }) => name)).toEqual(['OFFICES', 'POST_URL', 'VANS', 'OFFICE1_DESKS']);
});

it('what is wrong is told of all parts at once', () => {
  const load = () => composed.load({ OFFICES: 'west', POST_URL: 'ftp://a', VANS: '0', OFFICE1_DESKS: 'many' });
  expect(load).toThrow(SettingsError);
  for (const name of ['OFFICES', 'POST_URL', 'VANS', 'OFFICE1_DESKS'])
    expect(load).toThrow(new RegExp(`^  ${name} `, 'm'));
});

it('a process that composes fewer parts is not asked about the others', () => {
  const vans = composeSettings<SettingsOf<typeof vanSettings>>([vanSettings]);
  expect(vans.load({ OFFICES: 'west', VANS: '2' })).toEqual({ VANS: 2 });
});

it('a password that everybody knows is no problem of a setting that nothing reads', () => {
  const depotUrl = urlSetting('postgres://post:known@127.0.0.1/depot', 'Where parcels are kept.');
  const depot = settingsPart({ properties: { DEPOT_URL: depotUrl }, isUsed: ({ DEPOT }) => DEPOT !== undefined });
  const which = settingsPart({ properties: { DEPOT: Type.String({ default: '', description: 'Which depot runs.' }) } });
  const composed = composeSettings([accessSettings, which, depot]);
  const production = { NODE_ENV: 'production', OPERATOR_API_KEYS: `ana:${'k'.repeat(16)}` };
  expect(() => composed.load(production)).not.toThrow();
  expect(() => composed.load({ ...production, DEPOT: 'north' })).toThrow('DEPOT_URL has the password');
  expect(composed.documents().map(({ name }) => name)).toContain('DEPOT_URL');
});
