// SPDX-License-Identifier: GPL-2.0-only
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runFolder, WriteError } from '../cli/folder.ts';
import { duplicate, fixture, run } from '../result/fixture.test-data.ts';
import type { ScenarioResult } from '../result/run_result.ts';
import { toLockStat } from './printers/lock_stat.ts';
import { toMarkdown } from './printers/markdown.ts';
import { writeReports } from './write.ts';

const folder = mkdtempSync(join(tmpdir(), 'write-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('writes every file, into a folder that it makes', () => {
  const dir = join(folder, 'new', 'run');
  const paths = writeReports(dir, run).written;
  expect(paths.map((path) => relative(dir, path))).toEqual([
    'findings/001-slot-leak/report.txt',
    'findings/002-event-duplicate-io-getevents/report.txt',
    'report.json',
    'report.md',
    'lock_stat.txt',
    'report.html',
  ]);
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
  expect(JSON.parse(read('report.json'))).toEqual(fixture);
  expect(read('report.md')).toBe(toMarkdown(fixture));
  expect(read('lock_stat.txt')).toBe(toLockStat(fixture.locks));
  const finding = read('findings/002-event-duplicate-io-getevents/report.txt');
  expect(finding).toContain('npm run stress -- --threads 16');
  expect(finding).toContain('BUG: an event was delivered twice in io_getevents');
  expect(finding).toContain('HINT: this is what fa8a53c39f3f');
  expect(finding).not.toContain('\x1b');
});

test('writes the files that were asked for, and no others', () => {
  const dir = join(folder, 'some');
  const names = writeReports(dir, run, ['trace', 'junit', 'csv']).written.map((path) => relative(dir, path));
  expect(names.filter((name) => !name.startsWith('findings'))).toEqual(['junit.xml', 'locks.csv', 'trace.json']);
  expect(readdirSync(dir).sort()).toEqual(['findings', 'junit.xml', 'locks.csv', 'trace.json']);
});

test('writing again replaces the files, takes old findings away and leaves everything else', () => {
  const dir = join(folder, 'again');
  writeReports(dir, run);
  const log = '{"not":"touched"}\n';
  writeFileSync(join(dir, 'events.ndjson'), log);
  writeFileSync(join(dir, 'findings', 'notes'), '');
  const [patched, reverted] = fixture.scenarios as [ScenarioResult, ScenarioResult];
  const scenarios = [{ ...patched, findings: [] }, reverted];
  writeReports(dir, { ...run, result: { ...fixture, scenarios } });
  expect(readdirSync(join(dir, 'findings')).sort()).toEqual(['001-event-duplicate-io-getevents', 'notes']);
  expect(readFileSync(join(dir, 'events.ndjson'), 'utf8')).toBe(log);
  expect(JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8'))).toMatchObject({ scenarios: { length: 2 } });
});

test('a file is replaced as a whole: who has the old one open keeps it', () => {
  const dir = join(folder, 'whole');
  writeReports(dir, run);
  const old = join(dir, 'old.json');
  linkSync(join(dir, 'report.json'), old);
  writeReports(dir, { ...run, result: { ...fixture, reason: 'another' } });
  expect(JSON.parse(readFileSync(old, 'utf8'))).toEqual(fixture);
  expect(JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8'))).toMatchObject({ reason: 'another' });
});

test('a file that cannot be replaced stays, and nothing unfinished stays beside it', () => {
  const dir = join(folder, 'blocked');
  mkdirSync(join(dir, 'report.md'), { recursive: true });
  const files = writeReports(dir, run);
  expect(files.lost).toBe(true);
  expect(files.lines('npm run again')).toEqual([
    `not written: ${join(dir, 'report.md')}: it is a folder`,
    'when that is mended, this makes them: npm run again',
  ]);
  // The others are there.
  expect(readdirSync(dir).sort()).toEqual(['findings', 'lock_stat.txt', 'report.html', 'report.json', 'report.md']);
});

test('writes into a folder that is there', () => {
  const dir = mkdtempSync(join(folder, 'there-'));
  writeFileSync(join(dir, 'other'), '');
  writeReports(dir, run);
  expect(readdirSync(dir).sort()).toEqual([
    'findings',
    'lock_stat.txt',
    'other',
    'report.html',
    'report.json',
    'report.md',
  ]);
});

test('a finding’s folder has a name that any file system takes', () => {
  const findings = [{ ...duplicate, where: `../${'long '.repeat(50)}/etc` }];
  const scenarios = fixture.scenarios.map((scenario) => ({ ...scenario, findings }));
  const names = writeReports(join(folder, 'names'), { ...run, result: { ...fixture, scenarios } })
    .written.slice(0, 3)
    .map((path) => basename(join(path, '..')));
  expect(names).toHaveLength(3);
  for (const name of names) expect(name).toMatch(/^00[123]-[a-z0-9-]{1,60}$/);
});

test('a run’s folder is its time and seed, and never one that is there', () => {
  const output = join(folder, 'reports');
  const make = (): string => basename(runFolder(output, fixture.startedAt, 42));
  expect([make(), make(), make()]).toEqual(['20261121T024700Z-42', '20261121T024700Z-42-2', '20261121T024700Z-42-3']);
  expect(readdirSync(output)).toHaveLength(3);
});

test('what cannot be written is said in a sentence, and costs nothing else', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { written, lost } = writeReports(file, run);
  expect({ written, lost }).toEqual({ written: [], lost: true });
  const sentence = /^The folder '.+' cannot be made: .+\.$/;
  expect(() => runFolder(file, fixture.startedAt, 1)).toThrow(sentence);
  expect(() => runFolder(file, fixture.startedAt, 1)).toThrow(WriteError);
});

test.runIf(existsSync('/proc/self'))('where no folder can be made it comes back', () => {
  expect(() => runFolder('/proc/none', fixture.startedAt, 1)).toThrow('no folder can be made there');
});
