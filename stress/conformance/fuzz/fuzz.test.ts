// SPDX-License-Identifier: GPL-2.0-only
/** A port with a bug is found out, and by the smallest trace; a good one is not; and nothing is drawn that waits. */
import { afterAll, describe, expect, test } from 'vitest';
import { Kernel } from '../kernel/kernel.ts';
import { parseConformance } from '../options.ts';
import { runOnPort } from '../port/port.ts';
import { namesIn } from '../trace/kinds.ts';
import { opInWords } from '../trace/op_words.ts';
import type { Op, OpName, Trace, TraceOp } from '../trace/trace.ts';
import { fuzz } from './campaign.ts';
import { casesOf } from './draw.ts';
import { shrink } from './shrink.ts';
import { portAlone, portAndKernel, portAndReverted, type Run } from './sides.ts';
import { signatureOf } from './signature.ts';
import { fuzzText } from './text.ts';

const CPUS = 2;
const NEVER = new AbortController().signal;

function first(seed: number, count: number, from = 0): Trace[] {
  const cases = casesOf(seed, from);
  return Array.from({ length: count }, () => cases.next().value);
}

const campaign = (run: Run, cases: readonly Trace[], stop = NEVER, ms = 1e9) =>
  fuzz({ run, cases, ms, stop, tell: () => {}, progress: () => {} });

/** Slots of the smallest ring. */
const SLOTS = 127;
const listed = (op: TraceOp): number => (op.op === 'io_submit' ? namesIn(op.iocbs).length : 0);

const words = ({ ops }: Trace): string[] => ops.map((op) => opInWords(op));

describe('what is drawn', () => {
  test('is the same for a seed, and another for another', () => {
    expect(first(7, 5)).toEqual(first(7, 5));
    expect(first(7, 3, 130)).toEqual(first(7, 133).slice(130));
    expect(first(8, 5).map(({ ops }) => ops)).not.toEqual(first(7, 5).map(({ ops }) => ops));
  });

  const all = first(3, 400).flatMap(({ ops }) => ops);
  const of = <N extends OpName>(name: N): Op<N>[] => all.filter(({ op }) => op === name) as unknown as Op<N>[];

  test('never waits for long', () => {
    for (const { timeout, min_nr = 0 } of of('io_getevents')) {
      if (timeout === null) expect(min_nr).toBe(0);
      else if (typeof timeout !== 'string') expect(timeout).toSatisfy(([s, ns]) => s === 0 && ns >= 0 && ns <= 1e6);
    }
    for (const { max } of of('user_reap')) expect(max).toBeLessThan(1000);
  });

  test('asks for little: small rings, no quota', () => {
    for (const { nr_events } of of('io_setup')) expect(nr_events > 500 && nr_events <= 65536).toBe(false);
    expect(all.filter(({ op }) => /^(aio_max_nr|fault|repeat)$/.test(op))).toEqual([]);
  });

  test('lists longer than a ring, to contexts that have done nothing, and numbers beyond any list', () => {
    const long = first(3, 400).flatMap(({ ops }) =>
      ops.flatMap((op, i) => (listed(op) > SLOTS ? [ops.slice(i - 2, i)] : [])),
    );
    expect(long.length).toBeGreaterThan(20);
    expect(long.filter(([one, other]) => !['io_setup', 'ring_write'].includes(`${other?.op ?? one?.op}`))).toEqual([]);
    const beyond = of('io_submit').filter((op) => typeof op.iocbs === 'object' && (op.nr ?? 0) > listed(op));
    expect(beyond.length).toBeGreaterThan(20);
    expect(beyond.filter((op) => op.at === undefined)).toEqual([]);
  });

  test('priorities that are none, by names that no other submit has', () => {
    const odd = of('iocb').filter(({ flags = 0, reqprio = 0 }) => (flags & 2) !== 0 && (reqprio & 0x9fff) > 7);
    expect(odd.length).toBeGreaterThan(50);
    expect(odd.filter(({ iocb }) => !/^q/.test(iocb))).toEqual([]);
  });

  test('completes only what is pending', async () => {
    for (const trace of first(5, 20)) {
      const { answers } = runOnPort(trace, CPUS);
      trace.ops.forEach(({ op }, i) => {
        if (op === 'complete') expect(answers[i]).toEqual({ ret: 1 });
      });
    }
  }, 60_000);

  test('reaches every error of every call', async () => {
    const { tally, found } = await campaign(portAlone(CPUS), first(2, 100));
    expect(found).toEqual([]);
    const reached = (call: string): string[] => [...(tally.answers.get(call) ?? new Map()).keys()].sort();
    expect(reached('io_setup')).toEqual(['-EAGAIN', '-EFAULT', '-EINVAL', '0']);
    expect(reached('io_submit')).toEqual(['-EAGAIN', '-EBADF', '-EFAULT', '-EINVAL', '0', 'n']);
    expect(reached('io_getevents')).toEqual(['-EFAULT', '-EINVAL', '0', 'n']);
    expect(reached('io_cancel')).toEqual(['-EFAULT', '-EINPROGRESS', '-EINVAL']);
    expect(reached('io_destroy')).toEqual(['-EINVAL', '0']);
  }, 60_000);
});

describe('a port with a bug', () => {
  test('slots that are given back too early are found, and cut down to a ring that takes one too many', async () => {
    const stop = new AbortController();
    const { found } = await fuzz({
      ...{ run: portAndReverted(CPUS, ['track_ring_occupancy']), cases: first(1, 12), ms: 1e9, stop: stop.signal },
      ...{ tell: () => stop.abort(), progress: () => {} },
    });
    expect(found[0]?.signature).toBe('io_submit ret n/n');
    expect(words(found[0]?.trace as Trace)).toEqual([
      'file(file "f", size 8192)',
      'open(fd "rw", file "f", mode "rw")',
      'buffer(buf "b", size 16384)',
      expect.stringMatching(/^iocbs\(prefix "i", count 160/),
      expect.stringMatching(/^io_setup\(1, &c\d\)$/),
      expect.stringMatching(/^io_submit\(c\d, 121, i0…i120\)$/),
    ]);
  }, 60_000);

  /** A port that says 0 where a context is destroyed for the second time. */
  const destroysTwice: Run = async (trace) => {
    const { answers } = runOnPort(trace, CPUS);
    const dead = new Set<string>();
    const actual = answers.map((answer, i) => {
      const { op, ctx = '' } = trace.ops[i] as Op<'io_setup' | 'io_destroy'>;
      if (op === 'io_setup' && answer['ret'] === 0) dead.delete(ctx);
      if (op !== 'io_destroy') return answer;
      const lies = dead.has(ctx);
      if (answer['ret'] === 0) dead.add(ctx);
      return lies ? { ret: 0 } : answer;
    });
    const at = actual.findIndex((answer, i) => answer['ret'] !== answers[i]?.['ret']);
    const differences = at < 0 ? [] : [{ op: at, field: 'ret', expected: answers[at]?.['ret'], actual: 0 }];
    return { expected: answers, actual, differences, rows: [], compared: answers.length };
  };

  test('a broken answer is cut down to the calls that need it, and told with how to see it again', async () => {
    const done = await campaign(destroysTwice, first(2, 20));
    expect(done.found).toHaveLength(1);
    const [found] = done.found;
    expect(words(found?.trace as Trace)).toEqual([
      expect.stringMatching(/^io_setup\(1, &c\d\)$/),
      expect.stringMatching(/^io_destroy\(c\d\)$/),
      expect.stringMatching(/^io_destroy\(c\d\)$/),
    ]);
    expect(found?.trace.ops.map(({ expect: said }) => said?.['ret'])).toEqual([0, 0, '-EINVAL']);
    expect(found?.cases).toBeGreaterThan(0);
    expect(found?.trace.source).toMatch(/^npm run conformance -- --fuzz --seed 2 --case \d+$/);
    expect(fuzzText(done, 2, 'here')).toContain('--- DIFFERS: 1 difference in 20 cases (exit 2)');
  }, 60_000);

  test('what does not come again is no difference, and counted', async () => {
    let runs = 0;
    const once: Run = async () => ({
      ...{ expected: [{ ret: 0 }], actual: [{ ret: 1 }], rows: [], compared: 1 },
      differences: runs++ === 0 ? [{ op: 0, field: 'ret', expected: 0, actual: 1 }] : [],
    });
    const done = await campaign(once, first(1, 3));
    expect([done.found, done.unsteady]).toEqual([[], 1]);
  });

  test('a stop ends it, and what was found stays', async () => {
    const stop = new AbortController();
    let runs = 0;
    const run: Run = async () => {
      if (++runs === 3) stop.abort();
      return { expected: [], actual: [], differences: [], rows: [], compared: 0 };
    };
    const done = await campaign(run, first(1, 10), stop.signal);
    expect([runs, done.tally.cases]).toEqual([3, 2]);
  });

  test('a part that cannot be run is not the same', async () => {
    const trace: Trace = { ...(first(1, 1)[0] as Trace), ops: [{ op: 'io_setup', ctx: 'c', nr_events: 1 }] };
    const run: Run = async ({ ops }) => ({
      ...{ expected: [], actual: [], rows: [], compared: 0 },
      differences: ops.length > 0 ? [{ op: 0, field: 'ret', expected: 0, actual: 1 }] : [],
    });
    expect((await shrink(run, trace, 'io_setup ret 0/n', () => false))?.ops).toEqual([
      { op: 'io_setup', ctx: 'c', nr_events: 0 },
    ]);
  });
});

describe('the command line', () => {
  test('asks for a run of the fuzzer', () => {
    const options = parseConformance([
      '--fuzz',
      '--minutes',
      '1.5',
      '--seed',
      '0x10',
      '--case',
      '3',
      '--target',
      'port',
    ]);
    expect(options).toMatchObject({
      fuzz: { target: 'port', seed: 16, ms: 90_000, only: 3, watchdogMs: 10_000, output: 'reports' },
    });
    expect(parseConformance([])).toMatchObject({ fuzz: null });
  });

  test.each([
    [['--minutes', '2'], '--minutes is for --fuzz only; type npm run conformance -- --fuzz --minutes'],
    [['--fuzz', '--target', 'kernel'], '--fuzz runs the port in any case, --target both or port is allowed'],
    [['--fuzz', '--traces', 'a.jsonl'], 'contradict each other'],
    [['--fuzz', '--seed', 'x'], "--seed takes a whole number from 0 to 4294967295, decimal or 0x hex, not 'x'"],
    [['--fuzz', '--minutes', '0'], '--minutes takes a number of minutes of more than 0'],
  ])('%j', (argv, says) => {
    expect(() => parseConformance(argv)).toThrow(says);
  });
});

test('a signature has no numbers of its case', () => {
  const trace = { ...(first(1, 1)[0] as Trace), ops: [{ op: 'io_submit', ctx: 'c', iocbs: [] }] } satisfies Trace;
  const of = (expected: unknown, actual: unknown): string =>
    signatureOf(trace, { op: 0, field: 'ret', expected, actual });
  expect(of('-EINVAL', 5)).toBe('io_submit ret -EINVAL/n');
  expect(of(3, 2)).toBe(of(120, 119));
  expect(of(undefined, [])).toBe('io_submit ret nothing/events');
  expect(signatureOf(trace, { op: 1, field: 'oops', expected: null, actual: 'bug: at 0x12' })).toBe(
    'end oops null/bug: at n',
  );
});

describe('beside the kernel', () => {
  const kernel = new Kernel({ watchdogMs: 10_000 });
  afterAll(() => kernel.close());

  test('nothing differs', async ({ skip }) => {
    const facts = await kernel.facts();
    if (typeof facts === 'string') return skip(facts);
    const { found, tally } = await campaign(portAndKernel(kernel, facts.possibleCpus), first(9, 12), NEVER, 20_000);
    expect(found.map(({ signature }) => signature)).toEqual([]);
    expect(tally.cases).toBeGreaterThan(0);
    return undefined;
  }, 60_000);
});
