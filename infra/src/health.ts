import type { Settings } from '@esteira/settings';
import { catalogue, isOurs, type Service } from './catalogue.ts';

/** What an app answers about itself: `live` (it runs) or `ready` (so does what it needs). */
export async function health(service: Service, question: 'live' | 'ready'): Promise<string | undefined> {
  const url = `http://127.0.0.1:${service.listens[0].port}/health/${question}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  const body = await response.text();
  return response.ok ? undefined : `${response.status} ${reasonIn(body).slice(0, 500)}`;
}

/** What a problem (RFC 9457) says happened; any other body as it is. */
function reasonIn(body: string): string {
  try {
    const { detail, title } = JSON.parse(body) as { detail?: string; title?: string };
    return detail ?? title ?? body;
  } catch {
    return body; // Not of an app of ours.
  }
}

/** The process that answers at an app's port. */
export async function answeringPid(service: Service): Promise<number | undefined> {
  const url = `http://127.0.0.1:${service.listens[0].port}/health/live`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return ((await response.json()) as { pid?: number }).pid;
}

/** An app started without the parts it needs can be alive, not ready. */
export function questionFor(service: Service, started: readonly Service[], settings: Settings): 'live' | 'ready' {
  if (service.kind === 'server') return 'ready';
  const elsewhere = catalogue(settings).filter((one) => !isOurs(one));
  const there = new Set([...started, ...elsewhere].map(({ name }) => name));
  return service.needs.every((need) => there.has(need)) ? 'ready' : 'live';
}
