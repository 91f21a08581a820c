// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { type ObjectRef, objectRef } from '../../../src/kernel/object_ref.ts';
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import { sameSignature, signatureOf } from './signature.ts';

const record = (part: Partial<OopsRecord>): OopsRecord => ({
  kind: 'event:duplicate',
  title: 'an event was delivered twice',
  where: 'deliver',
  cpu: 2,
  role: 'submitter',
  us: 17,
  text: [],
  objects: [objectRef('iocb', 0x1000), objectRef('ring', 0x2000)],
  address: null,
  stack: [],
  cpus: [],
  ...part,
});
const same = (part: Partial<OopsRecord>): boolean => sameSignature(signatureOf(record({})), signatureOf(record(part)));

const [iocb, ring, page] = ['iocb', 'ring', 'page'].map((type) => objectRef(type, 0x10)) as [
  ObjectRef,
  ObjectRef,
  ObjectRef,
];

test('addresses and numbers are left out, and each kind of object is named once', () => {
  const objects = [objectRef('ring', 0x4000_1000, 8), objectRef('iocb', 0x10), objectRef('iocb', 0x20)];
  expect(signatureOf(record({ objects })).objects).toEqual(['iocb', 'ring']);
});

test('who found it, when and what it said make no difference', () => {
  expect(same({ cpu: 3, role: 'getter', us: 1, text: ['at 0x1'], objects: [ring, iocb, iocb] })).toBe(true);
});

test.each([
  { kind: 'event:corrupt' } as const,
  { title: 'another' },
  { where: 'settle' },
  { objects: [iocb] },
  { objects: [iocb, page] },
])('%o is another finding', (part) => {
  expect(same(part)).toBe(false);
});
