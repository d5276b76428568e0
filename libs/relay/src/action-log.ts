import { UUID } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { actionsKey } from './keys.ts';
import type { RedisConnection } from './redis.ts';

/** Postgres keeps no NUL in a text. */
const text = Type.String({ pattern: '^[^\\u0000]*$' });
const uuid = Type.String({ pattern: UUID.source });

const systemAction = Type.Object({
  /** Made by the API: a copy is recognised by it. */
  id: uuid,
  /** When it was asked for, by the clock of the API. */
  at: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' }),
  /** The name of the key that asked; `local` where there are no keys. */
  by: text,
  action: text,
  /** The request of the console that it answers, as the caller says. */
  request: Type.Optional(uuid),
  details: Type.Record(text, Type.Union([text, Type.Number(), Type.Boolean()])),
});

/** What the API of a system did because somebody asked. */
export type SystemAction = Static<typeof systemAction>;

/** An entry of the log. `action` is undefined where something else wrote it. */
export interface LoggedAction {
  readonly place: string;
  readonly text: string;
  readonly action: SystemAction | undefined;
}

/**
 * What was done through the APIs of one system, on its way to the history: a Redis stream. Whoever keeps the history takes
 * from it, and removes what is kept. Every operation rejects with a RedisFault when Redis can't be asked.
 */
export interface ActionLog {
  /** Adds one. The oldest go where {@link MOST_ACTIONS} are not taken. */
  append(action: SystemAction): Promise<void>;
  /** The oldest, at most `count`. */
  oldest(count: number): Promise<LoggedAction[]>;
  remove(places: readonly string[]): Promise<void>;
  /** Removes all. */
  clear(): Promise<void>;
}

/** How many wait where nobody takes them; some 300 bytes each. */
export const MOST_ACTIONS = 10_000;

/** ARGV: the most entries, the action as JSON. */
const APPEND = `redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], '*', 'action', ARGV[2])`;
/** ARGV: the most entries. Answers [place, [field, value, ...]] each. */
const OLDEST = `return redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])`;
/** ARGV: places. */
const REMOVE = `redis.call('XDEL', KEYS[1], unpack(ARGV))`;
const CLEAR = `redis.call('DEL', KEYS[1])`;

const actions = Compile(systemAction);

/** Opens the log of a system. */
export function openActionLog(redis: RedisConnection, system: string): ActionLog {
  const key = actionsKey(system);
  return {
    append: async (action) => {
      await redis.script(APPEND, key, [MOST_ACTIONS, JSON.stringify(action)]);
    },
    oldest: async (count) => {
      const entries = (await redis.script(OLDEST, key, [count])) as [place: string, fields: string[]][];
      return entries.map(([place, [, json = '']]) => ({ place, text: json, action: readAction(json) }));
    },
    remove: async (places) => {
      if (places.length > 0) await redis.script(REMOVE, key, places);
    },
    clear: async () => {
      await redis.script(CLEAR, key);
    },
  };
}

function readAction(json: string): SystemAction | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return actions.Check(value) ? value : undefined;
  } catch {
    return undefined; // Whoever takes it says that it is none.
  }
}
