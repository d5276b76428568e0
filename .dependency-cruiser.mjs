/** The direction of dependencies (docs/decisions.md): apps → adapter libs → pipeline; one library alone imports each driver. */
const driver = (name, lib) => ({
  name: `only-${lib}-imports-${name}`,
  severity: 'error',
  from: { path: '^(apps|drill|libs|infra|tests)/', pathNot: `^libs/${lib}/|[.]test[.]ts$|^tests/` },
  to: { path: `(^|/)node_modules/(@types/)?${name}/` },
});

export default {
  forbidden: [
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
      from: { path: '^libs/orders/src/domain', pathNot: '[.]test[.]ts$' },
      to: { path: '^(libs|apps)/', pathNot: '^libs/(pipeline|orders/src/domain)/' },
    },
    {
      name: 'core-knows-no-orders',
      severity: 'error',
      from: {
        path: '^libs/(pipeline|messaging|relay|postgres-source|dead-letters|attempt-log|postgres|http|config|observability)/',
        pathNot: '[.]test[.]ts$',
      },
      to: { path: '^libs/orders/' },
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
    exclude: { path: '(^|/)([.]local|dist)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
