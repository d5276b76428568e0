import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, createRootRoute, createRouter, RouterContextProvider } from '@tanstack/react-router';
import { createElement as element, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';

/** Draws into the document, and again by the function it gives; the second one ends it. */
export function drawing(): [draw: (node: ReactNode) => void, end: () => void] {
  const place = document.body.appendChild(document.createElement('div'));
  const root = createRoot(place);
  const client = new QueryClient();
  const router = createRouter({ routeTree: createRootRoute(), history: createMemoryHistory() });
  const draw = (children: ReactNode) => {
    const page = element(RouterContextProvider, { router: router as never, children });
    root.render(element(MantineProvider, null, element(QueryClientProvider, { client }, page)));
  };
  const end = () => {
    root.unmount();
    place.remove();
    client.clear();
  };
  return [draw, end];
}

/** The one element that a selector finds; an error while there is none. */
export function the(selector: string): HTMLElement & { readonly value?: string } {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`There is no ${selector} in: ${document.body.textContent}`);
  return found;
}
