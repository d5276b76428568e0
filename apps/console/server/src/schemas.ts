import { Type, type TSchema } from 'typebox';

/** Pieces that the schemas of many routes are made of. */
export const text = Type.String();
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const time = (description: string) => Type.String({ format: 'date-time', description });
