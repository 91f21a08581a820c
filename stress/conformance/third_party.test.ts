// SPDX-License-Identifier: GPL-2.0-only
/** The table of other people's tests names what there is, and leaves none of their cases out. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SCENARIOS } from '../scenarios/index.ts';
import { projectTraces } from './trace/file.ts';

const text = readFileSync(new URL('THIRD_PARTY.md', import.meta.url), 'utf8');

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly here: string;
}

const [, ...sections] = text.split(/^## /m);
const cases = sections.flatMap((section): Case[] => {
  const [suite = ''] = section.split('\n');
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| case |'));
  return rows.map((row) => {
    const [, name = '', , here = ''] = row.split('|').map((cell) => cell.trim());
    return { suite, name: name.replaceAll('`', ''), here };
  });
});
const namesIn = (here: string): string[] => [...here.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

const COMMAND = /^npm run /;
const KNOWN = new Set([
  ...projectTraces().flatMap(({ traces }) => traces.map(({ id }) => id)),
  ...SCENARIOS.map(({ name }) => name),
]);

/** What each suite has: the cases of the harness, what of LTP is about AIO, the programs of aio-dio-regress. */
const SUITES: Readonly<Record<string, readonly string[]>> = {
  libaio: ['2', '3', '4', '5', '6', '7', '8', '10', '11', '12', '13', '14', '15', '16', '17', '18', '19']
    .concat(['20', '21', '22', '23'])
    .map((n) => `${n}.t`),
  LTP: [
    ...['io_setup01', 'io_setup02', 'io_submit01', 'io_submit02', 'io_submit03', 'io_submit04', 'io_getevents01'],
    ...['io_getevents02', 'io_pgetevents01', 'io_pgetevents02', 'io_cancel01', 'io_cancel02', 'io_destroy01'],
    ...['io_destroy02', 'aio01', 'aio02', 'aio-stress', 'aiocp', 'aiodio_append', 'aiodio_sparse', 'dio_append'],
    ...['dio_read', 'dio_sparse', 'dio_truncate', 'dirty'],
  ],
  xfstests: [
    ...['aio-dio-append-write-fallocate-race', 'aio-dio-append-write-read-race', 'aio-dio-cow-race'],
    ...['aio-dio-cycle-write', 'aio-dio-eof-race', 'aio-dio-extend-stat', 'aio-dio-fcntl-race'],
    ...['aio-dio-hole-filling-race', 'aio-dio-invalidate-failure', 'aio-dio-invalidate-readahead'],
    ...['aio-dio-subblock-eof-read', 'aio-dio-write-verify', 'aio-free-ring-with-bogus-nr-pages'],
    ...['aio-io-setup-with-nonwritable-context-pointer', 'aio-last-ref-held-by-io', 'aiocp', 'aiodio_sparse2'],
  ],
};

test.each(Object.entries(SUITES))('every case of %s is in the table, once', (suite, expected) => {
  const found = cases.filter((row) => row.suite.startsWith(suite)).map(({ name }) => name);
  expect(found.sort()).toEqual([...expected].sort());
});

test('what is named is a trace, a scenario or a command', () => {
  const unknown = cases.flatMap(({ name, here }) =>
    namesIn(here)
      .filter((found) => !KNOWN.has(found) && !COMMAND.test(found))
      .map((found) => `${name}: ${found}`),
  );
  expect(unknown).toEqual([]);
});

test('a case is somewhere here, or the table says why not', () => {
  const mute = cases.filter(({ here }) => namesIn(here).length === 0 && !/^no(t in v3\.17)?\b.{8}/.test(here));
  expect(mute.map(({ name }) => name)).toEqual([]);
});

test('what others have made is told by the traces, too', () => {
  const named = new Set(cases.flatMap(({ here }) => namesIn(here)));
  const orphans = [...KNOWN].filter((id) => /^(libaio|ltp|xfstests)-/.test(id) && !named.has(id));
  expect(orphans).toEqual([]);
});
