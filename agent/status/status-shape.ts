/** What an agent says of itself and of its files: the JSON of its status, and so the types. Pure. */
import { z } from 'zod';

/** The states a file can be in. */
export const STATES = [
  /** All of it is in the store. */
  'idle',
  /** Its lines are on their way. */
  'reading',
  /** An older file of the same log is read first, or nobody has looked at it yet. */
  'queued',
  /** All but a last line that has no end yet is in the store. */
  'partial_line',
  /** It has unread bytes, and the store cannot be reached. */
  'store_away',
  /** It has unread bytes, and the store refuses them. */
  'refused',
  /** It cannot be opened or read; or a command, and it cannot be started. */
  'unreadable',
  /** There is no file at the path. */
  'missing',
  /** It was rotated or deleted, and is read to its end before it is let go. */
  'finishing',
  /** The same file is read under another of its names. */
  'elsewhere',
] as const;

export type FileState = (typeof STATES)[number];

const lastError = z.object({
  message: z.string(),
  /** RFC 3339; absent where only the present is known. */
  since: z.string().optional(),
  /** It had gone away by now. */
  isOver: z.boolean(),
});

const fileStatus = z.object({
  /** Where the file was seen last; of a rotated one its new name. */
  path: z.string(),
  channel: z.string(),
  state: z.enum(STATES),
  sizeBytes: z.number(),
  /** Up to here the store has confirmed it. */
  offsetBytes: z.number(),
  unreadBytes: z.number(),
  /** For how long the oldest of the unread bytes has been there, as well as that can be known. */
  lagSeconds: z.number(),
  lastError: lastError.optional(),
});

export const agentStatus = z.object({
  pid: z.number(),
  tenant: z.string(),
  host: z.string(),
  /** RFC 3339. */
  startedAt: z.string(),
  uptimeSeconds: z.number(),
  /** Whether it is known what the store has: before that no file is begun. */
  isAtWork: z.boolean(),
  /** Why nothing is sent, and since when; absent while the store serves. */
  storeAway: z.object({ since: z.string(), message: z.string() }).optional(),
  /** Counters since the start, and gauges. */
  stats: z.record(z.string(), z.union([z.number(), z.boolean()])),
  /** Until the agent is at work nothing is known of files, and they count for nothing here and in `states`. */
  unreadBytes: z.number(),
  /** Of the file that has waited longest; until the agent is at work at least since its start. */
  lagSeconds: z.number(),
  /** How many files are in which state. */
  states: z.record(z.enum(STATES), z.number()),
  /** Those with most unread bytes first, then those that something is wrong with. */
  files: z.array(fileStatus),
  /** Files that were asked not to be named. */
  omittedFiles: z.number(),
});

export type LastError = z.infer<typeof lastError>;
export type FileStatus = z.infer<typeof fileStatus>;
export type AgentStatus = z.infer<typeof agentStatus>;

/** Whoever is asked for its status. */
export interface Asked {
  /** At most so many files are named. */
  status(filesMax: number): AgentStatus;
}
