import type { JsonValue } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import type { UserTaskContext } from './user-type.ts';

/** What a thread is asked: which types the module has, or to make an attempt. */
export interface ToThread {
  /** Absolute path of the user's module. */
  readonly module: string;
  /** Undefined where the types are asked for. */
  readonly task?: { readonly payload: JsonValue; readonly run: Omit<UserTaskContext, 'signal'> };
}

/** The types of a module, without their functions. */
export const describedTypes = Type.Array(
  Type.Object({
    name: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9._-]{0,63}$' }),
    aliases: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9._-]{0,63}$' }))),
    description: Type.Optional(Type.String()),
    payload: Type.Object({}),
  }),
  { minItems: 1 },
);
export type DescribedTypes = Static<typeof describedTypes>;
