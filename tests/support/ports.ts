import { freePorts } from '@esteira/infra/ports';

export { freePorts };

/** One of them. */
export const freePort = async (): Promise<number> => (await freePorts(1))[0] ?? 0;
