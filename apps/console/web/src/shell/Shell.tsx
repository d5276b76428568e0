import { AppShell, Burger, Group, Text, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { isSignedOut, sessionQuery } from '../api/session.ts';
import { useOverviewStream } from '../api/stream.ts';
import { useShortcuts } from '../keyboard/shortcuts.ts';
import { useCurrentPipeline } from '../pipeline/current.tsx';
import { Find } from './Find.tsx';
import { Health } from './Health.tsx';
import { Help } from './Help.tsx';
import { pagesOf } from './navigation.ts';
import { Navigation } from './Navigation.tsx';
import classes from './Shell.module.css';
import { SignInFirst } from './SignInFirst.tsx';
import { Switcher } from './Switcher.tsx';
import { ThemeSwitch } from './ThemeSwitch.tsx';
import { Who } from './Who.tsx';

/** What stands around every page. */
export function Shell() {
  const session = useQuery(sessionQuery);
  useOverviewStream(session.data !== undefined && !isSignedOut(session.error));
  const [opened, { toggle, close }] = useDisclosure(false);
  const navigate = useNavigate();
  const pipeline = useCurrentPipeline();
  const pages = pipeline === undefined ? [] : pagesOf(pipeline);
  useShortcuts(pages.map(({ to }, index) => [String(index + 1), () => void navigate({ to })]));
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 190, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <a className={classes.skip} href="#page">
        Skip to the page
      </a>
      <AppShell.Header className={classes.bar}>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={opened}
            onClick={toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label="Pages"
            aria-expanded={opened}
          />
          <Link to="/" className={classes.name}>
            <img src="/favicon.svg" alt="" width={22} height={22} />
            <Text span fw={700} visibleFrom="sm">
              Esteira
            </Text>
            <VisuallyHidden>Esteira, overview</VisuallyHidden>
          </Link>
          <Switcher visibleFrom="sm" />
          <Find />
          <Group gap={4} ml="auto" wrap="nowrap">
            <Who />
            <Help />
            <ThemeSwitch />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" className={classes.bar} data-closed={!opened || undefined} aria-label="Pages">
        <Switcher hiddenFrom="sm" onChosen={close} />
        <Navigation onChosen={close} />
      </AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1} className={classes.page}>
        <div>
          <Health />
          <SignInFirst error={session.error} />
          <Outlet />
        </div>
      </AppShell.Main>
    </AppShell>
  );
}
