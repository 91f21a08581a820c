// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { duplicate, fixture } from './fixture.test-data.ts';
import { toLockStat } from './lock_stat.ts';
import { toMarkdown } from './markdown.ts';
import { ReportError, runFolder, writeReports } from './write.ts';

const folder = mkdtempSync(join(tmpdir(), 'write-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('writes every file, into a folder that it makes', () => {
  const dir = join(folder, 'new', 'run');
  const paths = writeReports(dir, fixture);
  expect(paths.map((path) => relative(dir, path))).toEqual([
    'report.json',
    'report.md',
    'lock_stat.txt',
    'findings/001-slot-leak/report.txt',
    'findings/002-event-duplicate-io-getevents/report.txt',
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

test('writes into a folder that is there', () => {
  const dir = mkdtempSync(join(folder, 'there-'));
  writeFileSync(join(dir, 'other'), '');
  writeReports(dir, fixture);
  expect(readdirSync(dir).sort()).toEqual(['findings', 'lock_stat.txt', 'other', 'report.json', 'report.md']);
});

test('a finding’s folder has a name that any file system takes', () => {
  const findings = [{ ...duplicate, where: `../${'long '.repeat(50)}/etc` }];
  const scenarios = fixture.scenarios.map((scenario) => ({ ...scenario, findings }));
  const names = writeReports(join(folder, 'names'), { ...fixture, scenarios })
    .slice(3)
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

test('what cannot be written is said in a sentence', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const sentence = /^The report cannot be written to '.+': .+\.$/;
  expect(() => writeReports(file, fixture)).toThrow(ReportError);
  expect(() => writeReports(join(file, 'x'), fixture)).toThrow(sentence);
  expect(() => runFolder(file, fixture.startedAt, 1)).toThrow(sentence);
});

test.runIf(existsSync('/proc/self'))('where no folder can be made it comes back', () => {
  expect(() => runFolder('/proc/none', fixture.startedAt, 1)).toThrow('no folder can be made there');
});
