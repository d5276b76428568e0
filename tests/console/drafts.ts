import { beforeAll, expect, it } from 'vitest';
import { barriersOn } from './browser.ts';
import { aDeadLetter } from './dead-letter.ts';
import { button, dialog, heading, open, redrive, untilShown } from './on-page.ts';
import { world } from './world.ts';

const body = () => dialog().getByLabel('Body', { exact: true });
const kept = () => world.page.getByText('your draft is kept');
const edited = '"security_check": true';

async function openEdit(): Promise<void> {
  await button('Edit …').click();
  await body().waitFor();
}

async function typeEdit(): Promise<void> {
  await body().fill((await body().inputValue()).replace('"security_check": false', edited));
}

async function expectDraft(): Promise<void> {
  await dialog()
    .getByText(/^Your draft of .* is back/)
    .waitFor();
  expect(await body().inputValue()).toContain(edited);
}

/** The colours of the signs that fold a body, and that of text. */
const COLOURS = `(() => {
  const signs = [...document.querySelectorAll('[aria-label="Body as a tree"] [role=button]')];
  const drawn = signs.flatMap((sign) => ['::before', '::after'].map((part) => getComputedStyle(sign, part)));
  const seen = drawn.filter(({ content }) => content !== 'none' && content !== 'normal').map(({ color }) => color);
  return { signs: [...new Set(seen)], text: getComputedStyle(document.body).color };
})()`;

/** What is typed into a dialog outlives its closing. */
export function drafts(): void {
  let letter = '';
  beforeAll(async () => {
    letter = await aDeadLetter();
  });

  it('keeps an edit through Escape, a click outside and a reload, until it is discarded', async () => {
    await open(`/orders/dead-letters/${letter}`);
    await openEdit();
    await typeEdit();
    await world.page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await kept().waitFor();
    await openEdit();
    await expectDraft();
    expect(await barriersOn(world.page)).toEqual([]);
    await world.page.mouse.click(2, 450);
    await dialog().waitFor({ state: 'detached' });
    await world.page.reload();
    await untilShown();
    await openEdit();
    await expectDraft();
    await button('Discard the draft', dialog()).click();
    await kept().waitFor({ state: 'detached' });
    await openEdit();
    expect(await body().inputValue()).not.toContain(edited);
  });

  it('is about a body whose signs that fold are as bright as its text, in the dark too', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await world.page.emulateMedia({ colorScheme });
      await open(`/orders/dead-letters/${letter}`);
      await world.page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
      await world.page.getByLabel('Body as a tree').waitFor();
      const { signs, text } = await world.page.evaluate<{ signs: string[]; text: string }>(COLOURS);
      expect(signs).toEqual([text]);
    }
  });

  it('says that the dead letter has changed since a draft was begun, and drops the draft once it is saved', async () => {
    await open(`/orders/dead-letters/${letter}`);
    await openEdit();
    await typeEdit();
    await world.page.keyboard.press('Escape');
    const now = await world.page.request.get(
      `${world.pipeline.console.url}/v0/pipelines/orders/dead-letters/${letter}`,
    );
    const { content } = ((await now.json()) as { body: { content: string } }).body;
    const changed = await world.page.request.put(
      `${world.pipeline.console.url}/v0/pipelines/orders/dead-letters/${letter}/body`,
      {
        data: { body: content.replace('"of a draft"', '"of another person"'), why: 'meanwhile' },
        headers: { 'x-requested-with': 'a test' },
      },
    );
    expect(changed.status()).toBe(200);
    await world.page.reload();
    await untilShown();
    await openEdit();
    await dialog().getByText('The dead letter has changed since you began').waitFor();
    await dialog()
      .getByText(/-\s+"product": "of another person"/)
      .waitFor();
    await dialog().getByLabel('Why').fill('mine is right');
    await button('Save the body', dialog()).click();
    await dialog().waitFor({ state: 'detached' });
    await kept().waitFor({ state: 'detached' });
  });

  it('keeps why something is redriven or discarded too, and tells how long a redrive takes with its waits', async () => {
    await open(`/orders/dead-letters/${letter}`);
    await button('Discard this one').click();
    await dialog().getByLabel('Why').fill('it was a test');
    await world.page.keyboard.press('Escape');
    await button('Redrive this one').click();
    expect(await dialog().getByLabel('Why').inputValue()).toBe('');
    await dialog()
      .getByText(/^up to .* waits 800 ms between them/)
      .waitFor();
    await world.page.keyboard.press('Escape');
    await button('Discard this one').click();
    expect(await dialog().getByLabel('Why').inputValue()).toBe('it was a test');
    await button('Discard the draft', dialog()).click();
    await button('Redrive this one').click();
    await redrive('the draft is sent');
    await heading(/^Redrive of/).waitFor();
    expect(await world.page.evaluate('sessionStorage.length')).toBe(0);
  });
}
