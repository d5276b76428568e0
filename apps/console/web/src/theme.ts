import { createTheme, type CSSVariablesResolver } from '@mantine/core';

/** Dense and calm: small type, figures of one width, colour for what needs a person. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '600' },
  components: {
    Badge: { defaultProps: { variant: 'light', radius: 'sm' } },
    Tooltip: {
      defaultProps: { withArrow: true, multiline: true, maw: 360, events: { hover: true, focus: true, touch: true } },
    },
    Alert: { styles: { title: { color: 'var(--mantine-color-text)' } } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45 },
        closeButtonProps: { 'aria-label': 'Close' },
        // A dialog's header is not a second banner of the page.
        attributes: { header: { role: 'presentation' } },
      },
    },
  },
});

/** Of buttons that can't be undone, in both schemes. */
const RED = { '--mantine-color-red-filled': '#c92a2a', '--mantine-color-red-filled-hover': '#b02525' };

/** Mantine's own greys for secondary text are too pale for WCAG AA on our backgrounds, its red too pale below white text. */
export const contrast: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f6f7f9',
    '--mantine-color-dimmed': '#525a63',
    '--mantine-color-placeholder': '#656d76',
    '--mantine-color-error': '#c92a2a',
    ...RED,
    '--mantine-color-anchor': '#364fc7',
    '--esteira-surface': '#ffffff',
    '--esteira-border': '#dfe2e6',
  },
  dark: {
    '--mantine-color-body': '#16181b',
    '--mantine-color-dimmed': '#a9b0b8',
    '--mantine-color-placeholder': '#98a0a8',
    '--mantine-color-error': '#ff8787',
    ...RED,
    '--mantine-color-anchor': '#91a7ff',
    '--esteira-surface': '#1f2226',
    '--esteira-border': '#34383e',
  },
});
