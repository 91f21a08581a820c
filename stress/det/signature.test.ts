// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import type { OopsRecord } from '../../src/kernel/oops.ts';
import { sameSignature, signatureOf } from './signature.ts';

const record = (part: Partial<OopsRecord>): OopsRecord => ({
  kind: 'event:duplicate',
  title: 'an event was delivered twice',
  where: 'deliver',
  cpu: 2,
  role: 'submitter',
  us: 17,
  text: [],
  objects: ['iocb 0x1000', 'ring 0x2000'],
  stack: [],
  cpus: [],
  ...part,
});
const same = (part: Partial<OopsRecord>): boolean => sameSignature(signatureOf(record({})), signatureOf(record(part)));

test('addresses and numbers are left out, and each kind of object is named once', () => {
  const objects = ['ring 0x40001000+0x8', 'page 17 of ring 0x40001000', 'iocb 0x10', 'iocb 0x20'];
  expect(signatureOf(record({ objects })).objects).toEqual(['iocb', 'page of ring', 'ring']);
});

test('who found it, when and what it said make no difference', () => {
  expect(same({ cpu: 3, role: 'getter', us: 1, text: ['at 0x1'], objects: ['ring 0x1', 'iocb 0x2', 'iocb 0x3'] })).toBe(
    true,
  );
});

test.each([
  { kind: 'event:corrupt' } as const,
  { title: 'another' },
  { where: 'settle' },
  { objects: ['iocb 0x1'] },
  { objects: ['iocb 0x1', 'page 0x2'] },
])('%o is another finding', (part) => {
  expect(same(part)).toBe(false);
});
