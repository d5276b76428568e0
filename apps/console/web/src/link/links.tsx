import { Anchor, Button, NavLink, type AnchorProps, type ButtonProps, type NavLinkProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ComponentPropsWithRef } from 'react';

type Native = Omit<ComponentPropsWithRef<'a'>, keyof AnchorProps | keyof ButtonProps | keyof NavLinkProps | 'href'>;

/** A link to a page of this console. In a list's row, `data-row-link` makes it the one that `j` and `k` go to. */
export const RouterAnchor = createLink((props: AnchorProps & Native) => <Anchor {...props} />);

/** The same as a button. */
export const RouterButton = createLink((props: Omit<ButtonProps, 'href'> & Native) => (
  <Button size="xs" {...props} component="a" />
));

/** The same as an entry of the navigation. */
export const RouterNavLink = createLink((props: Omit<NavLinkProps, 'href'> & Native) => (
  <NavLink {...props} component="a" />
));
