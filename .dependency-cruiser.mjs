import { globSync, readFileSync } from 'node:fs';

/** The direction of dependencies (docs/decisions.md): apps → adapter libs → pipeline; one library alone imports each driver. */
const driver = (name, lib) => ({
  name: `only-${lib}-imports-${name}`,
  severity: 'error',
  from: { path: '^(apps|drill|libs|infra|tests)/', pathNot: `^libs/${lib}/|[.]test[.]ts$|^tests/` },
  to: { path: `(^|/)node_modules/(@types/)?${name}/` },
});

const manifestOf = (folder) => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
const workspaces = globSync(manifestOf('.').workspaces.map((pattern) => `${pattern}/package.json`))
  .map((file) => file.replace(/[/]package[.]json$/, ''))
  .map((folder) => ({ folder, ...manifestOf(folder) }));
const oneOf = (folders) => `^(${folders.join('|')})/`;

/** A workspace lists the others that its code imports, whatever npm links side by side. What it lists in vain: knip. */
const listsWhatItImports = ({ folder, dependencies = {}, devDependencies = {} }) => {
  const unlisted = workspaces.filter(({ name }) => !(name in dependencies) && !(name in devDependencies));
  const unshipped = workspaces.filter(({ name }) => !(name in dependencies));
  const foldersOf = (some) => oneOf(some.map((other) => other.folder).filter((other) => other !== folder));
  return [
    {
      name: `${folder}/package.json-lists-what-is-imported`,
      severity: 'error',
      from: { path: `^${folder}/` },
      to: { path: foldersOf(unlisted) },
    },
    {
      name: `${folder}/package.json-lists-what-src-imports-in-dependencies`,
      severity: 'error',
      from: { path: `^${folder}/src/`, pathNot: '[.]test[.]ts$' },
      to: { path: foldersOf(unshipped) },
    },
  ];
};

export default {
  forbidden: [
    ...workspaces.flatMap(listsWhatItImports),
    {
      // The image of the apps is installed without devDependencies; the page is built before.
      name: 'what-runs-needs-no-dev-dependency',
      severity: 'error',
      from: { path: '^(apps|libs)/.*/src/', pathNot: '[.]test[.]ts$|^apps/console/web/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'apps-never-import-apps',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^(apps|drill)/', pathNot: '^apps/$1/' },
    },
    {
      name: 'console-web-knows-the-server-by-its-document',
      severity: 'error',
      from: { path: '^apps/console/(server|web)/' },
      to: { path: '^apps/console/(server|web)/', pathNot: '^apps/console/$1/' },
    },
    {
      name: 'libs-never-import-apps',
      severity: 'error',
      from: { path: '^libs/[^/]+/src/' },
      to: { path: '^(apps|drill|infra|tests)/' },
    },
    {
      name: 'pipeline-imports-no-io',
      severity: 'error',
      from: { path: '^libs/pipeline/src', pathNot: '[.]test[.]ts$' },
      to: {
        path: '^(libs/(?!pipeline/)|node_modules/)|^(node:)?(fs|net|http|https|child_process|worker_threads|tls|dgram|timers)',
        pathNot: 'node_modules/typebox',
      },
    },
    {
      name: 'domain-imports-only-pipeline',
      severity: 'error',
      from: { path: '^libs/(orders|tasks)/src/domain', pathNot: '[.]test[.]ts$' },
      to: { path: '^(libs|apps)/', pathNot: '^libs/(pipeline|$1/src/domain)/' },
    },
    {
      name: 'core-knows-no-orders',
      severity: 'error',
      from: {
        path: '^libs/(pipeline|lease|messaging|consumer|handlers|relay|relay-api|postgres-source|dead-letters|repair|attempt-log|heartbeat|postgres|http|config|observability)/',
        pathNot: '[.]test[.]ts$',
      },
      to: { path: '^libs/orders/' },
    },
    {
      name: 'core-and-orders-know-no-tasks',
      severity: 'error',
      from: { path: '^libs/(?!tasks/|settings/)', pathNot: '[.]test[.]ts$' },
      to: { path: '^libs/tasks/' },
    },
    {
      name: 'tasks-know-no-orders',
      severity: 'error',
      from: { path: '^(libs/tasks|apps/tasks-[^/]+)/', pathNot: '[.]test[.]ts$' },
      to: { path: '^(libs/orders|apps/orders-)' },
    },
    {
      // No server, no driver, no clock of its own: the answers of the domain depend on the arguments alone.
      name: 'tasks-domain-imports-no-io',
      severity: 'error',
      from: { path: '^libs/tasks/src/domain' },
      to: {
        path: '(^|/)node_modules/|^(node:)?(fs|net|http|https|child_process|worker_threads|tls|dgram|timers)',
        pathNot: 'node_modules/(croner|lru-cache|flatqueue)/',
      },
    },
    {
      name: 'parcels-know-no-orders',
      severity: 'error',
      from: { path: '^tests/parcels/src/' },
      to: { path: '^(libs/orders|apps/orders-)' },
    },
    {
      name: 'lease-is-given-its-connections',
      severity: 'error',
      from: { path: '^libs/lease/src' },
      to: { path: '^(apps|libs/(?!lease/))|(^|/)node_modules/' },
    },
    {
      name: 'no-test-support-in-src',
      severity: 'error',
      from: { path: '^(apps|libs)/[^/]+/src', pathNot: '[.]test[.]ts$' },
      to: { path: '[.]test[.]ts$|/test/|^tests/|node_modules/vitest' },
    },
    { name: 'nobody-imports-bench', severity: 'error', from: { pathNot: '^bench/' }, to: { path: '^bench/' } },
    driver('amqplib', 'messaging'),
    driver('ioredis', 'relay'),
    driver('mongodb', 'attempt-log'),
    driver('pg', 'postgres'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^([.]local|apps/console/web/dist)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
