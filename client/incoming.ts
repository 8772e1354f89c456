/**
 * Reads one message of the hub. The header is checked with the schemas of the wire; of the lines only that
 * they are an array, since the hub has checked each of them and there may be a million a second. Pure.
 */
import { z } from 'zod';
import { type HubMessage, hubMessage, linesHeader } from '../shared/protocol/index.js';

/** The hub sent something that is not of the protocol, or not in its order. */
export interface Fault {
  readonly fault: string;
}

const KNOWN_TYPES: ReadonlySet<string> = new Set(hubMessage.options.map((option) => option.shape.type.value));

/** Undefined for a message of a type that a newer hub has added. */
export function readHubMessage(text: string): HubMessage | Fault | undefined {
  const value = parseObject(text);
  if (value === undefined) return { fault: 'a message that is no JSON object' };
  const { type } = value;
  if (type === 'lines') return readLines(value);
  if (typeof type !== 'string' || !KNOWN_TYPES.has(type)) return undefined;
  const result = hubMessage.safeParse(value);
  return result.success ? result.data : malformed(type, result.error);
}

function readLines(value: Record<string, unknown>): HubMessage | Fault {
  const header = linesHeader.safeParse(value);
  if (!header.success) return malformed('lines', header.error);
  const { lines } = value;
  if (!Array.isArray(lines) || lines.length === 0) return { fault: 'a "lines" message without lines' };
  return { ...header.data, lines };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function malformed(type: string, error: z.ZodError): Fault {
  return { fault: `a malformed "${type}" message (${z.prettifyError(error).replaceAll('\n', ' ')})` };
}
