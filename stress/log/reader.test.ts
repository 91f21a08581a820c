// SPDX-License-Identifier: GPL-2.0-only
/** A log is not believed: what was taken out, changed or broken is named, and a log of an earlier version is read. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../cli/usage_error.ts';
import { loadRun } from './load.ts';
import { logOf } from './log.test-data.ts';
import { mergeRuns } from './merge.ts';
import { LogWriter } from './writer.ts';

const root = mkdtempSync(join(tmpdir(), 'reader-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

function folderWith(log: string | Buffer): string {
  const folder = join(root, `run-${folders++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'events.ndjson'), log);
  return folder;
}

function written(seed = 42): string {
  const folder = join(root, `run-${folders++}`);
  const log = new LogWriter(folder);
  for (const record of logOf(seed)) log.write(record);
  log.close();
  return folder;
}
const textOf = (folder: string): string => readFileSync(join(folder, 'events.ndjson'), 'utf8');
const lines = textOf(written()).trimEnd().split('\n');
const whole = loadRun(written()).result;

/** The sentence with which it is refused, without the path. */
function refusal(log: string | Buffer): string {
  const folder = folderWith(log);
  try {
    loadRun(folder);
  } catch (error) {
    if (error instanceof UsageError) return error.message.replaceAll(join(folder, 'events.ndjson'), 'LOG');
    throw error;
  }
  throw new Error('it was taken');
}

const keeps = (n: number): string => `; what comes before it is whole, head -n ${n} LOG > DIR/events.ndjson keeps it.`;

describe('lines', () => {
  test('have numbers from 1', () => {
    expect(lines.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(lines.map((_, i) => i + 1));
  });

  test('that were taken out of the middle are named', () => {
    expect(refusal([...lines.slice(0, 4), ...lines.slice(8)].join('\n'))).toBe(
      `'LOG' is damaged in line 5: lines 5 to 8 are missing before it${keeps(4)}`,
    );
    expect(refusal([...lines.slice(0, 9), ...lines.slice(10), ''].join('\n'))).toBe(
      `'LOG' is damaged in line 10: line 10 is missing before it${keeps(9)}`,
    );
  });

  test('that were taken off the beginning are named', () => {
    expect(refusal(`${lines.slice(3).join('\n')}\n`)).toBe(
      "'LOG' is damaged in line 1: lines 1 to 3 are missing before it.",
    );
  });

  test('that come twice, or have lost their number, are named', () => {
    expect(refusal(`${[...lines.slice(0, 6), lines[5], ...lines.slice(6)].join('\n')}\n`)).toContain(
      'line 7: line 6 comes a second time',
    );
    const bare = lines[6]?.replace(/,"line":7/, '') as string;
    expect(refusal(`${[...lines.slice(0, 6), bare, ...lines.slice(7)].join('\n')}\n`)).toContain(
      'line 7: it has no number',
    );
  });

  test('that are cut off, or have bytes that are no text, are named unless they are the last', () => {
    const cut = lines.map((line, i) => (i === 4 ? line.slice(0, -5) : line));
    expect(refusal(`${cut.join('\n')}\n`)).toContain('damaged in line 5: it is cut off, or has bytes that are no text');
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    const at = bytes.indexOf('"so far"');
    bytes[at + 2] = 0xff;
    expect(refusal(bytes)).toMatch(/damaged in line \d+: it is cut off, or has bytes that are no text/);
    const last = folderWith(`${[...lines.slice(0, -1), lines.at(-1)?.slice(0, 20)].join('\n')}`);
    expect(loadRun(last).result).toMatchObject({ verdict: 'interrupted', interrupted: true });
  });

  test('of a kind that nobody knows are named', () => {
    const other = lines.map((line) => line.replace('"t":"so far"', '"t":"toString"'));
    expect(refusal(other.join('\n'))).toContain("'toString' is no kind of line that is known");
  });

  test('that an editor has put in between are none', () => {
    const edited = folderWith(`\uFEFF${lines.map((line) => `${line}\r\n\r\n`).join('')}`);
    expect(loadRun(edited).result).toEqual(whole);
  });
});

/** A change of one field of one line. */
type Change = readonly [line: RegExp, from: string | RegExp, to: string, says: string];
const CHANGES: readonly Change[] = [
  [/"t":"run"/, '"from":null', '"from":7', 'its from is 7, not an object'],
  [/"t":"run"/, '"from":null', '"from":{"folder":"x","verdict":"fine"}', 'its from.verdict is "fine", not passed or'],
  [/"t":"run"/, '"revert":[]', '"revert":{}', 'its parameters.revert is {}, not a list'],
  [/"t":"run"/, /"threads":\d+/, '"threads":"4"', 'its parameters.threads is "4", not a count'],
  [/"t":"run"/, '"native":true', '"native":1', 'its cases[0].native is 1, not true or false'],
  [/"t":"run"/, /"startedAt":"[^"]*"/, '"startedAt":"then"', 'its startedAt is "then", not a moment'],
  [/"t":"round"/, '"case":0', '"case":-1', 'its case is -1, not a count'],
  [/"t":"round"/, '"case":0', '"case":9', 'a round of a case that there is not'],
  [/"t":"sample"/, '"freeSlots":0.25', '"freeSlots":[]', 'its freeSlots is [], not a number'],
  [/"t":"sample"/, '"activity":"su"', '"activity":null', 'its activity is null, not a text'],
  [/"t":"finding"/, '"cpus":[]', '"cpus":[{}]', 'its record.cpus[0].cpu is missing, not a number'],
  [/"t":"done"/, '"contentions":10', '"contentions":true', 'its locks[0].contentions is true, not a number'],
  [/"t":"done"/, /"waiters":\[\[.*?\]\]/, '"waiters":"all"', 'its locks[0].waiters is "all", not a list'],
  [/"t":"done"/, /"waiters":\[\[.*?\]\]/, '"waiters":[["a"]]', 'its locks[0].waiters[0] is ["a"], not a list of 2'],
  [/"t":"done"/, /"wait":\[.*?\]/, '"wait":[1]', 'its locks[0].wait is [1], not pairs of a bin and a count'],
  [/"t":"done"/, '"whole":true,', '', 'its whole is missing, not true or false'],
  [/"t":"done"/, '"submitter":[2,1,1,0,0]', '"submitter":[2]', 'its roles.submitter is [2], not a count for each'],
  [/"t":"trace"/, '"steps":[[10', '"steps":[["10"', 'its window.cpus[0].steps[0][0] is "10", not a number'],
  [/"t":"again"/, '"id":0', '"id":5', 'a finding once more that was not found before'],
  [/"t":"end"/, '"signal":null', '"signal":{}', 'its signal is {}, not SIGHUP or SIGINT or SIGTERM'],
];

test.each(CHANGES)('in %s, %s changed to %s is named', (line, from, to, says) => {
  const n = lines.findIndex((text) => line.test(text));
  const changed = lines.map((text, i) => (i === n ? text.replace(from, to) : text));
  expect(changed[n]).not.toBe(lines[n]);
  const message = refusal(`${changed.join('\n')}\n`);
  expect(message).toContain(`'LOG' is damaged in line ${n + 1}: ${says}`);
  expect(message.split('\n')).toHaveLength(1);
});

describe('a log of version 1', () => {
  const old = folderWith(gunzipSync(readFileSync(join(import.meta.dirname, 'version_1.ndjson.gz'))));

  test('gives what it gave', () => {
    const { result, trace } = loadRun(old);
    expect(result).toMatchObject({ verdict: 'passed', exitCode: 0, interrupted: false });
    const findings = result.scenarios.flatMap((scenario) => scenario.findings);
    expect(findings.map(({ kind, count }) => [kind, count])).toEqual([
      ['destroy:requests-in-flight', 11],
      ['destroy:requests-in-flight', 19],
      ['buffer:written-after-destroy', 18],
    ]);
    expect(findings[0]?.explained?.explanation?.diagram.rows.length).toBeGreaterThan(0);
    expect(result.locks).toHaveLength(18);
    expect(trace).toHaveLength(1);
  });

  test('can be merged, into one of this version', () => {
    const [first = '', ...rest] = textOf(old).split('\n');
    const other = folderWith([first.replace('"seed":9', '"seed":10'), ...rest].join('\n'));
    const output = join(root, 'merged-old');
    const { run } = mergeRuns([old, other], output);
    expect(textOf(output).split('\n')[0]).toBe(
      `{"t":"merge","log":2,"folders":["${old.split('/').at(-1)}","${other.split('/').at(-1)}"],"runs":2,"line":1}`,
    );
    expect(loadRun(output).result).toEqual(run.result);
    expect(run.result.scenarios[0]?.findings.map(({ count }) => count)).toEqual([22, 38, 36]);
  });
});

describe('the same run', () => {
  const one = written(1);
  const two = written(2);
  const output = join(root, 'twice');
  const message = (folders: readonly string[]): string => {
    try {
      mergeRuns(folders, output);
    } catch (error) {
      if (error instanceof UsageError) return error.message;
      throw error;
    }
    throw new Error('it was taken');
  };
  const same = (a: string, b: string): string =>
    `'${a}' and '${b}' have the same run, of ${whole.startedAt} with seed 1, and its counts would count twice; ` +
    'leave one of them out.';

  test('is not merged twice, whatever its folder is called', () => {
    const copy = join(root, 'copy');
    cpSync(one, copy, { recursive: true });
    expect(message([one, two, copy])).toBe(same(copy, one));
    const link = join(root, 'link');
    symlinkSync(one, link);
    expect(message([link, one])).toBe(same(one, link));
    expect(message([one, two, one])).toBe(same(one, one));
  });

  test('nor on its own and as a part of a merged one', () => {
    const both = join(root, 'both');
    mergeRuns([one, two], both);
    expect(message([both, one])).toBe(same(one, both));
  });
});

test('a merged log that ends before its last run is none that has passed', () => {
  const output = join(root, 'cut');
  mergeRuns([written(3), written(4)], output);
  const all = textOf(output).split('\n');
  const second = all.findIndex((line, i) => i > 1 && line.includes('"t":"run"'));
  const cut = folderWith(`${all.slice(0, second).join('\n')}\n`);
  expect(loadRun(cut).result).toMatchObject({ verdict: 'interrupted', reason: expect.stringContaining('killed') });
  expect(refusal(`${all[0]}\n`)).toBe("'LOG' is a merged log that ends before its first run.");
});
