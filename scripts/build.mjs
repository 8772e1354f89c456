/** `npm run build`: compiles the product to dist/. */
import { setUp } from './set-up.mjs';

setUp();
