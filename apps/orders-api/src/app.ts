import type { App } from '@esteira/http';
import { buildRelayApi, type RelayApi } from '@esteira/relay-api';
import { addImportRefusals } from './routes/import-refusals.ts';
import { addInsertData } from './routes/insert-data.ts';
import { addOrdersImport } from './routes/orders-import.ts';
import { addWritingRefused } from './routes/own-table.ts';

const DESCRIPTION = `Brings orders into one system's operational Postgres, and publishes them.

Every error is a problem (RFC 9457) with a stable \`code\`.`;

/** Builds the API of one system. It does not listen, and does not close what it was given. */
export function buildApp(api: RelayApi): Promise<App> {
  const info = {
    title: `Esteira orders API: ${api.system}`,
    version: '0.1.0',
    description: DESCRIPTION,
    tags: [
      { name: 'orders', description: 'Orders that come in.' },
      { name: 'process', description: 'Publishing them: runs, the cursor, the watermark.' },
      { name: 'health', description: 'For supervisors and Prometheus.' },
    ],
  };
  return buildRelayApi(api, info, (app) => {
    if (api.source.isOwn) addWritingRefused(app, api);
    else {
      addInsertData(app, api);
      addOrdersImport(app, api);
      addImportRefusals(app, api);
    }
  });
}
