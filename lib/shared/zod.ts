import { z } from 'zod';

/*
 * zod as this project uses it, to be imported from here alone. It would compile its checks with `new Function`,
 * and finds out whether it may by trying, which the site's Content-Security-Policy reports as a violation.
 */
z.config({ jitless: true });

export { z };
