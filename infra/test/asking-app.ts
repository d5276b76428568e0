// An app that is ready while it can ask the Postgres of tasks: what tests of the runtimes declare and run.
import { createServer } from 'node:http';
import { processSettings } from '@esteira/settings';
import { openPostgres } from '@esteira/postgres';

const { TASKS_DATABASE_URL: url, CONSUMER_PORT: port } = processSettings(process.env);
const tasks = openPostgres({ url, applicationName: 'asking app', max: 1 });

async function answer(path: string): Promise<[status: number, body: object]> {
  if (path === '/health/live') return [200, { pid: process.pid }];
  try {
    await tasks.query('SELECT 1');
    return [200, {}];
  } catch (error) {
    return [503, { detail: String(error) }];
  }
}

createServer((request, response) => {
  void answer(request.url ?? '').then(([status, body]) => response.writeHead(status).end(JSON.stringify(body)));
}).listen(port, '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
