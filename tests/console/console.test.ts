import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { drafts } from './drafts.ts';
import { lists } from './lists.ts';
import { outages } from './outages.ts';
import { everyPage } from './pages.ts';
import { severalPipelines } from './pipelines.ts';
import { signingIn } from './sign-in.ts';
import { tabs } from './tabs.ts';
import { walk } from './walk.ts';
import { closeWorld, openPage, openWorld, world } from './world.ts';

beforeAll(openWorld);
afterAll(closeWorld);
beforeEach(openPage);
afterEach(() => world.page.context().close());

// One system for all: what one part leaves behind is what the next one looks at.
describe('the console in a browser', walk);
describe('many tabs', tabs);
describe('a dialog', drafts);
describe('lists', lists);
describe('signing in', signingIn);
describe('every page', everyPage);
describe('several pipelines', severalPipelines);
describe('a server that is down', outages);
