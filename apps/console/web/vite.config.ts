import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a console server that runs. */
const SERVER = 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react()],
  server: { proxy: { '/v0': SERVER, '/docs': SERVER } },
  build: {
    chunkSizeWarningLimit: 800,
    reportCompressedSize: false,
    // One style sheet: the shell needs most of it, and a page never flashes unstyled.
    cssCodeSplit: false,
    // These know light-dark(): rewritten for older ones, colours would not follow Mantine's colour scheme.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Data URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
    // A small polyfill as an inline script would be refused by the policy too; every browser of today preloads.
    modulePreload: { polyfill: false },
  },
});
