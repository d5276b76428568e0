import type { AppProcess } from '@esteira/tests/support';
import { beforeAll, expect, it } from 'vitest';
import { barriersOn } from './browser.ts';
import { button, heading, panel, rows, systemName, untilShown } from './on-page.ts';
import { world } from './world.ts';

const OPERATOR = { name: 'ana', key: 'a-key-that-ana-alone-has' };
const VIEWER = { name: 'vera', key: 'a-key-that-vera-alone-has' };
const DEEP = '/orders/dead-letters/list?state=discarded';
/** Pages with something to do, and what that is. */
const ACTIONS = [
  ['/', 'Run'],
  ['/orders/dead-letters', 'Redrive'],
  ['/orders/dead-letters/list?state=dead', 'Redrive everything that matches'],
  ['/orders/reconciliation', 'Reconcile now'],
] as const;

/** A console with keys, of the same system. */
export function signingIn(): void {
  let guarded: AppProcess;
  beforeAll(async () => {
    guarded = await world.pipeline.consoleWith({
      OPERATOR_API_KEYS: `${OPERATOR.name}:${OPERATOR.key}`,
      VIEWER_API_KEYS: `${VIEWER.name}:${VIEWER.key}`,
    });
    await guarded.start();
    return () => guarded.end('SIGTERM');
  });
  const open = (path: string) => world.page.goto(`${guarded.url}${path}`);
  const giveKey = async (key: string) => {
    await world.page.locator('input[type=password]').fill(key);
    await button('Sign in').click();
  };
  const signIn = async ({ name, key }: typeof VIEWER, path: string) => {
    await open(path);
    await heading('Sign in').waitFor();
    await giveKey(key);
    await button(name).waitFor();
    await untilShown();
  };

  it('comes before a deep link, says clearly that a key is wrong, and leads back to the link', async () => {
    await open(DEEP);
    await heading('Sign in').waitFor();
    await giveKey('a-key-that-nobody-has');
    await world.page.getByRole('alert').getByText('This is none of the keys of OPERATOR_API_KEYS').waitFor();
    expect(await barriersOn(world.page)).toEqual([]);
    await giveKey(OPERATOR.key);
    await rows('Dead letters').first().waitFor();
    expect(world.page.url()).toBe(`${guarded.url}${DEEP}`);
    await button(OPERATOR.name).waitFor();
  });

  it('lets an operator act, and the history names them', async () => {
    await signIn(OPERATOR, '/');
    await button('Run', panel(systemName(1))).click();
    await world.page.getByText(`${systemName(1)} is being published.`).waitFor();
    await open('/orders/history');
    await rows('History').first().getByRole('cell', { name: OPERATOR.name, exact: true }).waitFor();
    await rows('History').first().getByText('run', { exact: true }).waitFor();
  });

  it('lets a viewer look at everything and act nowhere: the server refuses too', async () => {
    await signIn(VIEWER, '/');
    for (const [path, name] of ACTIONS) {
      await open(path);
      await untilShown();
      await button(new RegExp(`^${name}`))
        .first()
        .waitFor();
      for (const one of await button(/^(Run|Follow|Stop|Clear|Redrive|Discard|Reconcile)/).all()) {
        expect(await one.getAttribute('aria-disabled')).toBe('true');
        await one.click({ force: true });
      }
      expect(await world.page.getByRole('dialog').count()).toBe(0);
    }
    const refused = await world.page.request.post(`${guarded.url}/v0/pipelines/orders/systems/${systemName(0)}/run`, {
      headers: { 'x-requested-with': 'a test' },
    });
    expect([refused.status(), ((await refused.json()) as { code: string }).code]).toEqual([403, 'not-allowed']);
  });

  it('ends with signing out: what comes then asks for a key again', async () => {
    await signIn(OPERATOR, '/history');
    await button(OPERATOR.name).click();
    await world.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await heading('Sign in').waitFor();
    await button(OPERATOR.name).waitFor({ state: 'detached' });
    expect((await world.page.request.get(`${guarded.url}/v0/pipelines/orders/jobs`)).status()).toBe(401);
    await open('/orders/history');
    await heading('Sign in').waitFor();
  });
}
