/** The protocol as one import: pure, zod only, runs in a browser. */
export * from './channel.js';
export * from './close-codes.js';
export * from './continuity.js';
export * from './cursor.js';
export * from './limits.js';
export * from './messages.js';
