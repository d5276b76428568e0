import helmet from '@fastify/helmet';
import type { App } from './app-type.ts';

/**
 * Headers that keep a browser from doing with an answer what it is not meant for. Scripts come from here alone and never
 * stand in a page; styles may, since libraries for pages set them so. Nothing here may be framed.
 */
export async function addHeaders(app: App): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'script-src': ["'self'"],
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:'],
        'font-src': ["'self'", 'data:'],
        'connect-src': ["'self'"],
        'object-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    // Whoever ends TLS knows for which names it may be asked for.
    hsts: false,
  });
}
