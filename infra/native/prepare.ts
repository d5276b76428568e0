import type { Settings } from '@esteira/settings';
import type { ServerService, Service } from '../src/catalogue.ts';
import { prepareApp } from './apps.ts';
import type { Context } from './context.ts';
import { prepareMongoExpress } from './mongo-express.ts';
import { prepareMongod } from './mongod.ts';
import { buildPage } from './page.ts';
import { preparePostgres } from './postgres.ts';
import type { Prepared } from './program.ts';
import { prepareRabbitmq } from './rabbitmq.ts';
import { prepareRedis } from './redis.ts';

/** Writes what a service needs to run. Changes nothing where it is there already. */
export async function prepare(service: Service, settings: Settings, context: Context): Promise<Prepared> {
  if (service.kind === 'server') return prepareServer(service, settings, context);
  if (service.role === 'console') await buildPage(context.report);
  return prepareApp(service, settings);
}

function prepareServer(service: ServerService, settings: Settings, context: Context): Promise<Prepared> | Prepared {
  const [first, second = first] = service.listens;
  switch (service.type) {
    case 'postgres':
      return preparePostgres(service.name, first, context);
    case 'redis':
      return prepareRedis(service.name, first, context);
    case 'rabbitmq':
      return prepareRabbitmq(service.name, first, second, context);
    case 'mongodb':
      return prepareMongod(service.name, first, context);
    case 'mongo-express':
      return prepareMongoExpress(service.name, first, settings, context);
  }
}
