import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';

/**
 * The log refuses what it is there for, and will until a person acts: who asks may not write, or what stands in its
 * place is not a collection of attempts. The message says what to do.
 */
export class AttemptLogUnusable extends Error {
  override name = 'AttemptLogUnusable';
}

/** Codes of MongoDB's errors. */
export const CODE = {
  unauthorized: 13,
  indexNotFound: 27,
  namespaceExists: 48,
  cannotCreateIndex: 67,
  invalidOptions: 72,
  indexOptionsConflict: 85,
  indexKeySpecsConflict: 86,
  documentValidation: 121,
  duplicateKey: 11_000,
} as const;

/** Whether the server answered with one of these codes. */
export function answered(error: unknown, ...codes: readonly number[]): error is MongoServerError {
  return error instanceof MongoServerError && codes.includes(Number(error.code));
}

/** One document that the server refused. */
export interface WriteRefusal {
  readonly code?: number | string | undefined;
  readonly errmsg?: string | undefined;
}

/** Whether the attempt itself is there already; another index that is unique says nothing about that. Pure. */
export function isThereAlready({ code, errmsg = '' }: WriteRefusal): boolean {
  return code === CODE.duplicateKey && indexOf(errmsg) === '_id_';
}

/**
 * An error of a write, as AttemptLogUnusable where it is about what only a person can mend; else as it is.
 *
 * @param place - database and collection, `esteira.attempts`.
 */
export function explained(error: unknown, place: string): unknown {
  if (!(error instanceof MongoError)) return error;
  const ofDocuments = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
  const refusals: WriteRefusal[] = [...ofDocuments, { code: error.code, errmsg: error.message }];
  const [why] = refusals.flatMap((refusal) => unusableBecause(refusal, place) ?? []);
  return why === undefined ? error : new AttemptLogUnusable(why, { cause: error });
}

/** Why the server refuses an attempt for good, and what to do; undefined where it is another kind of fault. Pure. */
function unusableBecause(refusal: WriteRefusal, place: string): string | undefined {
  const { code, errmsg = '' } = refusal;
  if (code === CODE.unauthorized) {
    return `The attempt log can't be written: the user of MONGODB_URL may not write to ${place} (MongoDB: ${errmsg}). Give it the role readWrite on that database: db.grantRolesToUser("<user>", ["readWrite"]).`;
  }
  if (code === CODE.documentValidation) {
    return `The attempt log can't be written: ${place} has a validator that refuses attempts. Take it away: db.runCommand({ collMod: "attempts", validator: {} }); or name another database in MONGODB_URL.`;
  }
  if (code === CODE.duplicateKey && !isThereAlready(refusal)) {
    const index = indexOf(errmsg);
    return `The attempt log can't be written: the index ${index} of ${place} is unique and refuses a further attempt. Esteira did not make it. Drop it: db.attempts.dropIndex("${index}"); or name another database in MONGODB_URL.`;
  }
  return undefined;
}

/** The index of a duplicate, as MongoDB names it in its words: it stands in no other field of a bulk write's answer. */
function indexOf(errmsg: string): string {
  return / index: (.+?) dup key: /.exec(errmsg)?.[1] ?? 'of an unknown name';
}
