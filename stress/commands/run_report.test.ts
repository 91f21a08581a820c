// SPDX-License-Identifier: GPL-2.0-only
/** `npm run report` as it is typed: what it prints, writes and refuses. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { logOf } from '../log/log.test-data.ts';
import type { LogRecord } from '../log/records.ts';
import { LOG_NAME as LOG, LogWriter } from '../log/writer.ts';
import { runReport } from './run_report.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kioctx-report-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function report(...argv: string[]) {
  let [out, err] = ['', ''];
  const code = await runReport(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: false,
    width: 140,
    env: { GITHUB_STEP_SUMMARY: '' },
  });
  return { code, out, err };
}

function write(name: string, records: readonly LogRecord[]): string {
  const folder = join(scratch, name);
  const log = new LogWriter(folder);
  for (const record of records) log.write(record);
  log.close();
  return folder;
}

/** A run with `rounds` rounds on the patched build, whose system calls take `bin`. */
function longer(name: string, seed: number, rounds: number, bin: number): string {
  const [head, ...rest] = logOf(seed);
  const done = rest.find((record) => record.t === 'done');
  if (head === undefined || done?.t !== 'done') throw new Error('the log has no round');
  const records: LogRecord[] = [head];
  for (let n = 0; n < rounds; n++) {
    records.push({ t: 'round', n, case: 1, seed: n, ms: 1000 * n }, { ...done, n, latency: { io_submit: [bin, 500] } });
  }
  return write(name, [...records, { t: 'end', ms: 1000 * rounds, signal: null, failure: null }]);
}

const run = write('run', logOf(42));
const before = longer('before', 1, 16, 500);
const after = longer('after', 2, 16, 700);
const same = longer('same', 3, 16, 500);

/** Every file below a folder, with its text. */
const everything = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path}: ${readFileSync(path, 'utf8')}`)
    .sort();

/** The one sentence on stderr. */
async function refusal(...argv: string[]): Promise<string> {
  const { code, out, err } = await report(...argv);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err.trimEnd().split('\n')).toHaveLength(1);
  return err;
}

describe('--help', () => {
  test.each([[[]], [['render']], [['diff']], [['merge']], [['export-c']]])('%s has examples', async (command) => {
    const { code, out, err } = await report(...command, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Examples:');
    expect(out).toContain(`npm run report -- ${command[0] ?? 'diff'}`);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('the command line', () => {
  test.each([
    [[], 'a command is needed, render, diff, merge or export-c'],
    [
      ['rendr', run],
      "there is no command 'rendr', render, diff, merge or export-c is allowed; type npm run report -- render DIR",
    ],
    [
      ['diff', before, after, '--min-efect', '5%'],
      "there is no option '--min-efect' of diff, the nearest is --min-effect",
    ],
    [['--jsn'], "there is no option '--jsn'"],
    [['diff', before], 'diff needs the folder B of a run; type npm run report -- diff A B'],
    [['render'], 'render needs the folder DIR of a run; type npm run report -- render DIR'],
    [['diff', before, after, same], 'diff takes no more than that'],
    [['diff', before, after, '--json', '--markdown'], 'contradict each other'],
    [['diff', before, after, '--min-effect', '5'], "a share from 0% to 1000%, not '5'"],
    [['diff', before, after, '--min-effect', 'nan%'], "not 'nan%'"],
    [['diff', before, after, '--min-effect'], '--min-effect needs a value'],
    [['merge', before, after], 'merge needs --output DIR'],
    [['render', run, '--reporter', 'jnit'], "'jnit'"],
  ])('%j', async (argv, says) => {
    expect(await refusal(...argv)).toContain(says);
  });
});

describe('render', () => {
  test('makes every file of a run again, and leaves its log alone', async () => {
    const log = readFileSync(join(run, LOG), 'utf8');
    const first = await report('render', run);
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/^--- End of test: /);
    expect(first.err).toMatch(/^reports: .*report\.json/);
    const files = everything(run);
    expect(files.length).toBeGreaterThan(2);
    expect((await report('render', run)).code).toBe(0);
    expect(everything(run)).toEqual(files);
    expect(readFileSync(join(run, LOG), 'utf8')).toBe(log);
  });

  test('elsewhere, and only what was asked for', async () => {
    const output = join(scratch, 'elsewhere');
    expect((await report('render', run, '--reporter', 'csv,junit', '--output', output)).code).toBe(0);
    expect(readdirSync(output).sort()).toEqual(['findings', 'junit.xml', 'locks.csv']);
  });

  test('names what it cannot write, and writes the others', async () => {
    const folder = write('blocked', logOf(7));
    mkdirSync(join(folder, 'report.md'));
    const { code, out, err } = await report('render', folder);
    expect(code).toBe(6);
    expect(out).toMatch(/^--- End of test: /);
    expect(err).toContain(`not written: ${join(folder, 'report.md')}: it is a folder\n`);
    expect(err).toContain(`when that is mended, this makes them: npm run report -- render ${folder}\n`);
    expect(existsSync(join(folder, 'report.html'))).toBe(true);
  });

  test('overwrites no other folder', async () => {
    const there = everything(before);
    expect(await refusal('render', run, '--output', before)).toContain('is not empty, and nothing is overwritten');
    expect(await refusal('render', run, '--output', join(before, LOG))).toContain('is a file, a folder is needed');
    expect(everything(before)).toEqual(there);
  });
});

describe('input that is no run', () => {
  const file = join(scratch, 'file');
  writeFileSync(file, '');
  const none = join(scratch, 'none');
  mkdirSync(none);
  const cases: [string, () => string][] = [
    ['no folder', () => join(scratch, 'nowhere')],
    ['a file', () => file],
    ['a folder without a log', () => none],
    ['an empty log', () => write('empty', [])],
    ['a newer log', () => write('newer', logOf(1).map((r) => (r.t === 'run' ? { ...r, log: 99 } : r)) as LogRecord[])],
  ];
  test.each(cases)('%s', async (_, make) => {
    const folder = make();
    const there = everything(scratch);
    const output = join(scratch, 'never');
    for (const argv of [
      ['render', folder, '--output', output],
      ['diff', folder, before],
      ['diff', before, folder],
      ['merge', before, folder, '--output', output],
    ]) {
      expect(await refusal(...argv)).toContain(folder);
    }
    expect(existsSync(output)).toBe(false);
    expect(everything(scratch)).toEqual(there);
  });
});

describe('diff', () => {
  test('of a run and itself, and of its like', async () => {
    for (const [a, b] of [
      [before, before],
      [before, same],
    ] as const) {
      const { code, out, err } = await report('diff', a, b, '--fail-on-difference');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out.trimEnd().split('\n').at(-1)).toBe('no difference');
    }
  });

  test('names what moved, and fails only where asked to', async () => {
    const { code, out } = await report('diff', before, after);
    expect(code).toBe(0);
    expect(out).toMatch(/3 figures moved: latency\.io_submit\.\w+ [\d.]+x \(slower\), .*\n$/);
    expect(out).toContain(before);
    expect(await report('diff', before, after, '--fail-on-difference')).toEqual({ code: 5, out, err: '' });
    expect((await report('diff', before, after, '--fail-on-difference', '--min-effect', '900%')).code).toBe(0);
  });

  test('as JSON and as Markdown', async () => {
    const json = JSON.parse((await report('diff', before, after, '--json')).out);
    expect(json).toMatchObject({ comparisonVersion: 1, names: { a: before, b: after }, minEffect: 0.05 });
    expect(json.moved).toHaveLength(3);
    expect((await report('diff', before, after, '--markdown')).out).toMatch(/^# Comparison\n\n\*\*3 figures moved/);
  });

  test('refuses runs that cannot be compared', async () => {
    const [head, ...rest] = logOf(9);
    if (head?.t !== 'run') throw new Error('the log begins with something else');
    const other = write('other', [{ ...head, parameters: { ...head.parameters, threads: 3 } }, ...rest]);
    expect(await refusal('diff', before, other)).toContain('threads is 16 in A and 3 in B');
  });
});

describe('merge', () => {
  test('adds up, and can be compared in turn', async () => {
    const output = join(scratch, 'merged');
    const { code, out, err } = await report('merge', before, same, '--output', output);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('report.json') });
    expect(out).toMatch(/^--- End of test: /);
    expect((await report('diff', before, output)).out).toContain('16 rounds in A and 32 in B');
    expect(await refusal('merge', before, after, '--output', output)).toContain('not empty');
  });

  test('into a place that takes no folder says so, with the verdict', async () => {
    const { code, out, err } = await report('merge', before, same, '--output', join(before, LOG, 'below'));
    expect(code).toBe(6);
    expect(out).toMatch(/^--- End of test: /);
    expect(err).toContain(`is not whole: a part of that path is a file.`);
    expect(err).not.toMatch(/^reports:|^ {4}at /m);
  });
});

test('a failure of the harness is none of the user', async () => {
  let err = '';
  const code = await runReport(['diff', before, same], {
    out: () => {
      throw new TypeError('the pipe is broken');
    },
    err: (text) => {
      err += text;
    },
    color: false,
    width: 100,
    env: {},
  });
  expect(code).toBe(6);
  expect(err).toContain('TypeError: the pipe is broken');
});

test('--out of a program is tried before the program is made', async () => {
  const trace = 'stress/conformance/traces/recorded.jsonl#none';
  for (const [out, why] of [
    [join(before, LOG, 'c.c'), 'a part of that path is a file'],
    ['/proc/none/c.c', 'no folder can be made there'],
  ] as const) {
    expect(await refusal('export-c', trace, '--out', out)).toBe(
      `--out '${out}' cannot be written, ${why}; name another file\n`,
    );
  }
});
