/**
 * `redis` in a configuration, the same for agents and hubs: where the server is, who logs in there, and what the
 * keys begin with.
 */
import { z } from 'zod';
import { REDIS_URL_FORM, redisUrlProblem } from './store/redis/address.js';

export interface RedisSettings {
  readonly url: string;
  /** Beside a URL that has none. */
  readonly username?: string;
  readonly password?: string;
  readonly keyPrefix?: string;
}

export const redisConfig = z
  .strictObject({
    url: z.string().superRefine(checkUrl).describe(`${REDIS_URL_FORM}.`),
    username: z
      .string()
      .min(1)
      .optional()
      .describe('The user of Redis, as it is. Default: the one that needs a password only.'),
    password: z
      .string()
      .min(1)
      .optional()
      .describe('The password, as it is, such as a variable; in a URL it must be percent-encoded.'),
    key_prefix: z
      .string()
      .min(1)
      .optional()
      .describe('What all keys begin with; the same for hubs and agents. Default: tailrace:'),
  })
  .refine(({ username, password }) => username === undefined || password !== undefined, {
    error: 'is missing, and redis.username is there',
    path: ['password'],
  })
  .refine(({ url, password }) => password === undefined || !url.includes('@'), {
    error: 'must not have a user or password, for redis.password is there',
    path: ['url'],
  })
  .transform(
    ({ key_prefix, username, password, url }): RedisSettings => ({
      url,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(key_prefix !== undefined && { keyPrefix: key_prefix }),
    }),
  );

function checkUrl(url: string, context: z.core.$RefinementCtx<string>): void {
  const problem = redisUrlProblem(url);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
}
