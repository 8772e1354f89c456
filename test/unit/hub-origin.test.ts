import { expect, test } from 'vitest';
import { isOriginAllowed } from '../../hub/origin.js';

const LOOPBACK = { allowedOrigins: [], host: '127.0.0.1' };
const PUBLIC = { allowedOrigins: ['https://logs.example.com'], host: '0.0.0.0' };

test('programs that send no Origin may connect', () => {
  expect(isOriginAllowed(undefined, PUBLIC)).toBe(true);
});

test('a listed Origin may connect, and no other port, scheme or host', () => {
  expect(isOriginAllowed('https://logs.example.com', PUBLIC)).toBe(true);
  for (const origin of [
    'http://logs.example.com',
    'https://logs.example.com:8443',
    'https://logs.example.com.evil.example',
    'https://evil.example',
    'null',
    '',
  ]) {
    expect([origin, isOriginAllowed(origin, PUBLIC)]).toEqual([origin, false]);
  }
});

test('a hub on a loopback address lets pages from loopback addresses connect', () => {
  for (const origin of ['http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:8080']) {
    expect(isOriginAllowed(origin, LOOPBACK)).toBe(true);
    expect(isOriginAllowed(origin, PUBLIC)).toBe(false);
  }
});

test('a name that merely resolves to a loopback address is a foreign page', () => {
  expect(isOriginAllowed('http://rebound.example:7700', LOOPBACK)).toBe(false);
  expect(isOriginAllowed('http://127.0.0.1.example', LOOPBACK)).toBe(false);
});

test('a star allows any page', () => {
  expect(isOriginAllowed('https://evil.example', { ...PUBLIC, allowedOrigins: ['*'] })).toBe(true);
});
