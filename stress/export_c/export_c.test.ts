// SPDX-License-Identifier: GPL-2.0-only
/** Programs compile without a warning; on this kernel they pass, and what is wrong makes them fail. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs, noProgram } from '../../src/testing/needs.ts';
import { UsageError } from '../cli/usage_error.ts';
import { projectTraces, recorded } from '../conformance/trace/file.ts';
import type { Trace } from '../conformance/trace/trace.ts';
import { CORPUS, corpusPath } from '../det/corpus/corpus.ts';
import { parseScheduleJson } from '../det/schedule/json.ts';
import { ROOT } from '../host/root.ts';
import { exportC } from './export_c.ts';
import { findingProgram } from './from_finding.ts';
import { traceProgram } from './from_trace.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kioctx-export-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const run = promisify(execFile);
const FLAGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O2', '-pthread'];
const NO_GCC = noProgram('gcc', 'apt-get install gcc libc6-dev');

const { possible_cpus, traces } = recorded();
const onRealKernels = traces.filter(({ applies }) => applies.includes('v6.18'));
const all = projectTraces().flatMap((file) => file.traces);
const named = (id: string): Trace => all.find((trace) => trace.id === id) as Trace;
/** Between them they have what the given ones have not: memory at every place, vectors, eventfds. */
const ODD = [
  'eventfd-errors',
  'submit-array-ends-early',
  'submit-errors-of-an-iocb-in-order',
  'submit-first-error-ends-the-batch',
  'pipe-empty-and-closed',
  'pipe-full',
  'poll-is-ended-by-what-it-waits-for',
  'file-with-holes',
  'eventfd-counts-beyond-32-bits',
  'eventfd-of-pending-requests',
];

const write = (name: string, text: string): string => {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
};

/** Compiles a source to a program. */
function compiled(name: string, source: string, ...more: readonly string[]): string {
  const program = join(scratch, name);
  const path = write(`${name}.c`, source);
  const { status, stderr } = spawnSync('gcc', [...FLAGS, '-o', program, path, ...more], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return program;
}

interface Said {
  readonly code: number | null;
  readonly text: string;
}

/** What a program says, of a finding in one round. */
function said(program: string): Said {
  const { status, stdout } = spawnSync(program, [scratch, '1'], { encoding: 'utf8', timeout: 70_000 });
  return { code: status, text: stdout.trim() };
}

/** Skips the test, with the reason, where the program could not judge. */
function judged(name: string, source: string, skip: (note: string) => void, ...more: readonly string[]): Said {
  const answer = said(compiled(name, source, ...more));
  if (answer.code === 77) skip(answer.text);
  return answer;
}

/** Other programs may have the quota of AIO at the moment. */
const RETRY = { retry: 2 };
const PASSED: Said = { code: 0, text: 'PASS' };

describe('traces', () => {
  needs(NO_GCC);

  test('each that a later kernel has answered compiles without a warning', async () => {
    const sources = onRealKernels.map((trace, i) => write(`t${i}.c`, traceProgram(trace, possible_cpus, 'test')));
    expect(sources.length).toBeGreaterThan(10);
    await run('gcc', [...FLAGS, '-O0', '-c', ...sources], { cwd: scratch });
  }, 60_000);

  test.for(['H10-preadv-pwritev', 'H13-overcommit-user-reap', 'H35-pending-out-of-order', ...ODD])(
    '%s passes, and fails with one wrong expectation',
    RETRY,
    (id, { skip }) => {
      const trace = named(id);
      expect(judged(id, traceProgram(trace, possible_cpus, 'test'), skip)).toEqual(PASSED);
      const at = trace.ops.findLastIndex(({ expect: expected }) => expected?.['ret'] !== undefined);
      const ops = trace.ops.map((op, i) => (i === at ? { ...op, expect: { ...op.expect, ret: 77 } } : op));
      expect(judged(`${id}-wrong`, traceProgram({ ...trace, ops }, possible_cpus, 'test'), skip, '-O0')).toEqual({
        code: 1,
        text: expect.stringMatching(new RegExp(`^step ${at}: .* expected 77\nFAIL: 1 of the answers differ$`)),
      });
    },
  );

  test('a handle that is NULL has nothing to do with the one before it', ({ skip }) => {
    const ops: Trace['ops'] = [
      { op: 'io_setup', ctx: 'z', nr_events: 0, expect: { ret: '-EINVAL', ctxp_unchanged: true } },
      { op: 'io_setup', ctxp: 'NULL', nr_events: 4, expect: { ret: '-EFAULT', ctxp_unchanged: false } },
    ];
    const trace: Trace = { id: 'null-handle', checks: '', applies: ['v6.18'], ops };
    expect(judged('null-handle', traceProgram(trace, possible_cpus, 'test'), skip)).toEqual(PASSED);
  });
});

/** Its io_setup() has not returned when another thread guesses the handle: no call in it is whole. */
const UNTOLD = 'hold_new_context';
/** Its contexts take the whole quota of v3.17, which a host may not have. */
const ALL_QUOTA = 'test_before_charging';
const TOLD = CORPUS.filter(({ slug }) => slug !== UNTOLD);

test('a schedule in which no call comes to its end is refused in a sentence', async () => {
  const schedule = parseScheduleJson(readFileSync(corpusPath(UNTOLD), 'utf8'));
  await expect(findingProgram(schedule, 'test')).rejects.toThrow('user space does nothing in its schedule');
});

describe('findings', () => {
  needs(NO_GCC);

  const programs = new Map<string, string>();
  beforeAll(async () => {
    if (NO_GCC !== null) return;
    for (const { slug } of TOLD) {
      programs.set(slug, await findingProgram(parseScheduleJson(readFileSync(corpusPath(slug), 'utf8')), 'test'));
    }
  }, 60_000);

  test.for(TOLD.filter(({ slug }) => slug !== ALL_QUOTA))(
    '$slug: passes, for this kernel has the fix',
    RETRY,
    ({ slug }, { skip }) => {
      expect(judged(slug, programs.get(slug) as string, skip)).toEqual(PASSED);
    },
  );

  test(`${ALL_QUOTA}: passes, or says that there is too little quota for it`, () => {
    const { code, text } = said(compiled(ALL_QUOTA, programs.get(ALL_QUOTA) as string));
    expect([code, text]).toEqual(code === 0 ? [0, 'PASS'] : [77, expect.stringMatching(/^SKIP: io_setup\(\d+\): /)]);
  });

  const BROKEN = [
    ['async_destroy', 'quota', 'io_setup(N) says EAGAIN although every context has been destroyed'],
    ['track_ring_occupancy', 'slots', '128 requests were accepted and 0 events read, of a ring of 127'],
    ['serialise_migration', 'twice', 'the event of request 0 was delivered twice'],
    ['wait_for_requests', 'late', 'a buffer was written after its context was gone'],
  ] as const;
  test.for(BROKEN)('%s: fails on a kernel that is wrong (%s)', ([slug, how, says], { skip }) => {
    const broken = fileURLToPath(new URL('stress/export_c/broken_kernel.test-data.c', ROOT));
    const flags = ['-O0', `-DBREAK="${how}"`, '-Wl,--wrap=syscall', broken];
    const { code, text } = judged(`${slug}-${how}`, programs.get(slug) as string, skip, ...flags);
    expect({ code, text: text.replace(/\(\d+\)/, '(N)') }).toEqual({ code: 1, text: `FAIL: ${says}` });
  });

  test('the order of the threads is that of the schedule', () => {
    const program = programs.get('serialise_migration') as string;
    expect(program).toContain(
      ['\tawait_done(0, 2);', '\tawait_begun(0, 3);', '\tdo_step(1, compact_memory());'].join('\n'),
    );
  });
});

describe('what cannot be exported', () => {
  const trace = named('H39-same-iocb-many');
  const lines = (...ops: unknown[]): string =>
    `${JSON.stringify({ ...trace, ops })}\n${JSON.stringify({ ...trace, id: 'other' })}\n`;
  write('two.jsonl', lines());
  mkdirSync(join(scratch, 'run', 'findings', '001-kasan'), { recursive: true });
  mkdirSync(join(scratch, 'run', 'findings', '002-leak'), { recursive: true });
  const finding = (name: string, file: string, text: string): string => write(`run/findings/${name}/${file}`, text);
  finding('001-kasan', 'schedule.json', readFileSync(corpusPath('async_destroy'), 'utf8'));
  finding('002-leak', 'report.txt', 'a leak');

  test.each([
    ['two.jsonl', 'has 2 traces: H39-same-iocb-many, other; type npm run report -- export-c '],
    ['two.jsonl#H93', "has no trace 'H93', it has H39-same-iocb-many, other; type"],
    ['nowhere/at.all', 'cannot be read (ENOENT); type npm run report -- export-c and a folder'],
    ['run', 'is a run, and one of its findings is needed: '],
    ['run/findings/002-leak', 'has no schedule, and only those have one'],
    ['run/findings/002-leak/report.txt', 'has no schedule, and only those have one'],
    ['.', 'is no finding, and has none with a schedule; type'],
    ['kx1:AAAA', 'the schedule that was typed is cut off'],
  ])('%s', async (what, says) => {
    const asked = what.startsWith('kx1') ? what : join(scratch, what);
    await expect(exportC(asked)).rejects.toThrow(says);
    await expect(exportC(asked)).rejects.toThrow(UsageError);
  });

  test.each([
    [{ op: 'io_uring_setup' }, ':1: op 0 is "io_uring_setup", which there is not; the nearest is io_setup'],
    [{ op: 'aio_nr', expect: { mood: 1 } }, ":1: op 0, aio_nr: 'expect.mood' is no field of what aio_nr answers"],
  ])('%j', async (op, says) => {
    const path = write('odd.jsonl', JSON.stringify({ ...trace, ops: [op] }));
    await expect(exportC(path)).rejects.toThrow(`${path}${says}`);
  });

  test('memory that only the port can take', async () => {
    const path = write('odd.jsonl', JSON.stringify({ ...trace, ops: [{ op: 'fault', pages: 3 }] }));
    await expect(exportC(path)).rejects.toThrow(
      `'${path}' cannot be a C program: it takes memory from the kernel, which only the port can`,
    );
  });

  test('a trace of the port only', async () => {
    const path = write('old.jsonl', JSON.stringify({ ...trace, applies: ['v3.17'] }));
    await expect(exportC(path)).rejects.toThrow('it is about v3.17 only');
  });

  test('a schedule that shows nothing', async () => {
    const schedule = { ...parseScheduleJson(readFileSync(corpusPath('async_destroy'), 'utf8')), reverted: [] };
    await expect(findingProgram(schedule, 'test')).rejects.toThrow('does not lead to a finding');
  }, 60_000);

  test('a finding’s folder and its schedule.json are the same', async () => {
    const folder = join(scratch, 'run', 'findings', '001-kasan');
    expect(await exportC(join(folder, 'schedule.json'))).toBe(await exportC(folder));
  }, 60_000);
});
