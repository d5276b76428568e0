import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from './app-type.ts';
import { openApi } from './openapi.ts';
import { problemSchema } from './problem.ts';

/** What the documentation says about an API as a whole. */
export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  /** Markdown. */
  readonly description: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
}

/** `/docs` (Swagger UI), `/docs/json` (OpenAPI 3.1) and `/redoc` (Redoc). Everything is served from here. */
export async function addDocumentation(app: App, info: ApiInfo, hasKeys: boolean): Promise<void> {
  app.addSchema(problemSchema);
  const { title, version, description } = info;
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version, description },
      tags: [...info.tags],
      ...(hasKeys ? SECURITY : {}),
    },
    ...openApi(hasKeys),
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => nameOf(json) ?? `schema-${i}` },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { tryItOutEnabled: true, displayRequestDuration: true, validatorUrl: null },
    theme: { title },
  });
  await addRedoc(app, title);
}

const SECURITY = {
  components: { securitySchemes: { key: { type: 'http' as const, scheme: 'bearer' } } },
  security: [{ key: [] }],
};

function nameOf(json: Record<string, unknown>): string | undefined {
  return typeof json['$id'] === 'string' ? json['$id'] : undefined;
}

/** The bundle is served from the package; the policy keeps it from fetching its logo and fonts elsewhere. */
const REDOC_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; worker-src blob:; font-src 'self'";

async function addRedoc(app: App, title: string): Promise<void> {
  const bundle = createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js');
  const page = readFileSync(new URL('redoc.html', import.meta.url), 'utf8').replaceAll('{title}', title);
  const hidden = { schema: { hide: true } };
  await app.register(fastifyStatic, { root: dirname(bundle), serve: false });
  app.get('/redoc', hidden, (_request, reply) =>
    reply.header('content-security-policy', REDOC_POLICY).type('text/html; charset=utf-8').send(page),
  );
  app.get('/redoc/redoc.standalone.js', hidden, (_request, reply) =>
    reply.sendFile('redoc.standalone.js', { maxAge: '1d' }),
  );
}
