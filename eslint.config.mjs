import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import { coreWords } from './scripts/lint/core-words.ts';

const CORE = [
  ...[
    'pipeline',
    'consumer',
    'handlers',
    'messaging',
    'relay',
    'relay-api',
    'postgres-source',
    'lease',
    'dead-letters',
    'repair',
  ],
  ...['attempt-log', 'heartbeat', 'reconciliation', 'postgres', 'http', 'observability', 'config'],
];

/** Files of the core that still name a pipeline. The list only gets shorter. */
const NOT_YET_CLEAN = [
  // What earlier releases called reasons is its very subject: addresses and scripts of people say it, and attempts that
  // have not expired. It goes when these are no longer understood.
  'libs/pipeline/src/former-reasons.ts',
];

export default tseslint.config(
  { ignores: ['node_modules', '.local', '**/*.mjs', '**/*.js', '**/dist', 'apps/console/web/src/api/openapi.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings come from @esteira/settings; apps pass them on.' },
      ],
    },
  },
  {
    files: [
      '**/main.ts',
      'scripts/docs/screenshots.ts',
      'infra/**',
      'tests/**',
      'drill/sabotage/**',
      '**/test/**',
      'libs/config/**',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // The core knows no pipeline: what is particular to one is in the library of its name.
    files: CORE.map((lib) => `libs/${lib}/src/**/*.ts`),
    ignores: NOT_YET_CLEAN,
    plugins: { esteira: { rules: { 'core-words': coreWords } } },
    rules: { 'esteira/core-words': 'error' },
  },
  { files: ['apps/console/web/**'], ...hooks.configs.flat.recommended },
  {
    // Markup is formatted one attribute a line: it is longer than what it says.
    files: ['apps/console/web/**/*.tsx'],
    rules: { 'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['**/*.test.ts', 'tests/**', 'drill/sabotage/**', '**/test/**'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.object.name="vi"][callee.property.name=/^wait(For|Until)$/][arguments.length<2]',
          message:
            'Without a limit it gives up after a second, which a busy machine takes: `patient` of @esteira/tests/patience.',
        },
        {
          selector:
            'CallExpression[callee.property.name=/^toBeLessThan/] > MemberExpression > CallExpression > BinaryExpression[left.callee.object.name=/^(performance|Date)$/]',
          message: 'Nothing is too slow for a busy machine: assert what must hold at any speed.',
        },
      ],
    },
  },
);
