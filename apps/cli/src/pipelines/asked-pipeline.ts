import { Option } from 'commander';
import { ordersPipeline } from '@esteira/orders/domain';
import type { Settings } from '@esteira/settings';
import { Refused } from '../refused.ts';
import { consoleApi, ConsoleAway, type ConsoleApi } from './console-api.ts';

/** `--pipeline`, `PIPELINE=`: of which pipeline something is asked. */
export const pipelineOption = (): Option =>
  new Option('--pipeline <name>', 'of which pipeline (PIPELINE=)').env('PIPELINE').default(ordersPipeline.name);

/** A pipeline that the console has: what the core gives any, by its routes. */
export interface ConsolePipeline {
  readonly name: string;
  /** What people call where its messages come from, in the middle of a sentence. */
  readonly origin: string;
  readonly api: ConsoleApi;
  /** Of a route that all pipelines share. */
  readonly path: (rest: string) => string;
}

interface Listed {
  readonly pipelines: readonly { readonly name: string; readonly words: { readonly origin: string } }[];
}

/** The settings that tell which pipelines run, and where the console is. */
export type AskedSettings = Pick<Settings, 'CONSOLE_PORT' | 'apiKeys' | 'pipelines'>;

/**
 * The pipeline that is asked about; undefined for orders, of which the command line asks the servers itself, whether a
 * console runs or not.
 *
 * @throws Refused, which names the pipelines that run, where it is none of them
 */
export async function askedPipeline(settings: AskedSettings, name: string): Promise<ConsolePipeline | undefined> {
  if (name === ordersPipeline.name && settings.pipelines.includes(name)) return undefined;
  const api = consoleApi(settings);
  const { pipelines } = await api.get<Listed>('/v0/pipelines').catch((error: unknown): Listed => {
    if (error instanceof ConsoleAway && !settings.pipelines.includes(name)) throw runsNot(name, settings.pipelines);
    throw error;
  });
  const found = pipelines.find((one) => one.name === name);
  if (found === undefined)
    throw runsNot(
      name,
      pipelines.map((one) => one.name),
    );
  const path = (rest: string) => `/v0/pipelines/${name}/${rest}`;
  return { name, origin: found.words.origin.toLowerCase(), api, path };
}

const runsNot = (name: string, those: readonly string[]) =>
  new Refused(
    `PIPELINE: ${name} does not run here. ${those.length === 1 ? 'The one that runs is' : 'Those that run are'} ${those.join(', ')}; PIPELINES says which do.`,
  );
