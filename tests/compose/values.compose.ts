import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { envText, literal } from '../../infra/docker/compose.ts';

/** What a service of Compose is given, by each of the three ways that values take. */
interface Given {
  /** From a file that the service names. */
  readonly env_file: Values;
  /** From a file that Compose reads before it reads the model, through `${…}`. */
  readonly interpolated: Values;
  /** Out of the model. */
  readonly model: Values;
}

type Values = Readonly<Record<string, string>>;

/** Compose's own answer, without an engine. */
async function given(directory: string, values: Values): Promise<Given> {
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const env = file('values.env', envText(values));
  const image = 'none';
  const model = {
    services: {
      env_file: { image, env_file: [env] },
      interpolated: {
        image,
        environment: Object.fromEntries(Object.keys(values).map((name) => [name, `\${${name}}`])),
      },
      model: { image, environment: literal(values) },
    },
  };
  const options = ['--env-file', env, '--file', file('compose.json', JSON.stringify(model))];
  const { stdout } = await execa('docker', ['compose', ...options, 'config', '--format', 'json'], { stdin: 'ignore' });
  const { services } = JSON.parse(stdout) as { services: Record<keyof Given, { environment: Values }> };
  // What it prints is a model again, in which a dollar sign is two.
  const read = ({ environment }: { environment: Values }) =>
    Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replaceAll('$$', () => '$')]));
  return { env_file: read(services.env_file), interpolated: read(services.interpolated), model: read(services.model) };
}

it('a service of Compose is given any value of any setting as it stands', async () => {
  // All that quoting knows of, at both ends and within; and whatever else text holds.
  const hard = fc.string({ unit: fc.constantFrom(...Array.from(`'"\`$\\#%;:, =&|<>()*?!~\t\n\r{}[]anu0é世🎉`)) });
  const text = fc
    .oneof(hard, fc.string({ unit: 'grapheme' }))
    .filter((value) => !value.includes('\0') && value.isWellFormed());
  const told = ['back\\', "\\'", '\\"', `'"`, 'a #b', ' x ', 'a\nb', '\\n', '$HOME', '${HOME', '$$', '${a:-b}', ''];
  const directory = mkdtempSync(join(tmpdir(), 'esteira-values-'));
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 100, maxLength: 100 }), async (drawn) => {
        const values = Object.fromEntries([...told, ...drawn].map((value, i) => [`SETTING_${i}`, value]));
        expect(await given(directory, values)).toEqual({ env_file: values, interpolated: values, model: values });
      }),
      { numRuns: 10 },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
