/** Addresses that a program listens on: `host:port` as people write it, and which of them are this host's own. */
import { z } from 'zod';

export interface ListenAddress {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export const listenAddress = z
  .string()
  .regex(/^(\[[0-9a-f:.]+\]|[^:[\]]+):\d{1,5}$/i, {
    message: 'must be host:port, such as 127.0.0.1:7700 or [::]:7700',
    abort: true,
  })
  .transform(splitAddress)
  .refine(({ port }) => port <= 65_535, 'must have a port from 0 to 65535');

/** Whether only programs on this host reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** As it stands in a URL. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function splitAddress(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
