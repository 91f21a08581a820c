// SPDX-License-Identifier: GPL-2.0-only
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LOCK_CLASSES } from '../../src/kernel/locking/classes.ts';
import { REVERTIBLE } from '../../src/reverts/registry.ts';
import { UsageError } from '../cli/usage_error.ts';
import { fixture } from '../result/fixture.test-data.ts';
import type { RunResult } from '../result/run_result.ts';
import { SYSCALLS } from './metrics.ts';
import { judge, parseThreshold } from './threshold.ts';

const judged = (expression: string, result: RunResult = fixture) => {
  const [one] = judge([parseThreshold(expression)], result);
  return one!;
};

const lock = fixture.locks[0]!;
const submit = fixture.latency['io_submit']!;

describe('what was measured is compared with what is asked', () => {
  test.each([
    ['locks.completion_lock.wait.p99 < 1s', lock.wait.p99 / 1e9],
    ['locks.completion_lock.wait.p99.9 < 1ms', lock.wait.p999 / 1e6],
    ['locks.completion_lock.wait.p999 < 1ms', lock.wait.p999 / 1e6],
    ['locks.completion_lock.hold.avg<1us', lock.hold.mean / 1e3],
    ['locks.completion_lock.wait.total < 10s', lock.waitTotal / 1e9],
    ['locks.completion_lock.hold.total > 1 s', lock.holdTotal / 1e9],
    ['locks.completion_lock.contentions <= 81234', 81_234],
    ['locks.completion_lock.acquisitions == 4.2M', 4_200_000],
    ['locks.completion_lock.con_bounces < 50k', 40_617],
    ['locks.completion_lock.acq_bounces > 1M', 1_400_000],
    ['locks.completion_lock.contended < 2%', (100 * 81_234) / 4_200_000],
    ['locks.tree_lock.contentions == 0', 0],
    ['latency.io_submit.p50 > 0ns', submit.p50],
    ['latency.io_submit.max < 1s', submit.max / 1e9],
    ['latency.io_submit.avg < 1s', submit.mean / 1e9],
    ['throughput.events > 1e6/s', 1_240_000],
    ['throughput.events > 1200k/s', 1_240_000],
    ['throughput.events > 1.2M', 1_240_000],
    ['events >= 44.64M', 44_640_000],
    ['rounds != 40', 41],
    ['findings.unexpected == 0', 0],
    ['findings.known >= 1', 1],
    ['detection.serialise_migration.p95 < 12.2s', 12.132],
    ['detection.serialise_migration.p50 < 3 s', 2.807],
  ])('%s', (expression, value) => {
    const { met, value: was } = judged(expression);
    expect(was).toBeCloseTo(value, 9);
    expect(met).toBe(true);
  });

  test('each comparison, at the limit and beside it', () => {
    const met = (op: string) =>
      [80_000, 81_234, 90_000].map((n) => judged(`locks.completion_lock.contentions ${op} ${n}`).met);
    expect(met('<')).toEqual([false, false, true]);
    expect(met('<=')).toEqual([false, true, true]);
    expect(met('>')).toEqual([true, false, false]);
    expect(met('>=')).toEqual([true, true, false]);
    expect(met('==')).toEqual([false, true, false]);
    expect(met('!=')).toEqual([true, false, true]);
  });

  test('any percentile comes from the histogram', () => {
    const at = (name: string) => judged(`latency.io_submit.${name} > 0ns`).value!;
    expect(at('p75')).toBeGreaterThan(at('p25'));
    expect(at('p99.95')).toBeGreaterThanOrEqual(at('p99'));
    expect(at('p95')).toBeLessThanOrEqual(submit.max);
    // 30, 70, 90, 99 and 100 % of the samples are in the fixture's bins up to 0.5, 0.9, 1.6, 8 and 60 times 1.25 us
    expect(at('p60')).toBeCloseTo(1125, -1.5);
    expect(at('p95')).toBeCloseTo(10_000, -2.5);
  });

  test('a slug is judged where it alone is reverted, by the scenario that shows it soonest', () => {
    const [, reverted] = fixture.scenarios;
    const slower = { ...reverted!, detection: { ...reverted!.detection!, p95Ms: 99_000 } };
    const both = { ...slower, build: { reverted: ['serialise_migration', 'exit_waits'] } };
    const run = (scenarios: RunResult['scenarios']) =>
      judged('detection.serialise_migration.p95 < 20s', { ...fixture, scenarios });
    expect(run([slower, reverted!])).toMatchObject({ value: 12.132, met: true });
    expect(run([slower])).toMatchObject({ value: 99, met: false });
    expect(run([both]).text).toBe('not measured: no build without that fix alone was run');
    const never = { ...reverted!, detection: { ...reverted!.detection!, p95Ms: null } };
    expect(run([never]).text).toBe('not measured: its race never showed');
  });
});

describe('the text', () => {
  test('has the unit of the expression', () => {
    expect(judged('latency.io_getevents.max < 1s').text).toBe('0.02469 s');
    expect(judged('latency.io_getevents.max < 1ms').text).toBe('24.69 ms');
    expect(judged('throughput.events > 1').text).toBe('1,240,000/s');
    expect(judged('locks.completion_lock.contended < 5%').text).toBe('1.934 %');
    expect(judged('events > 0').text).toBe('44,640,000');
  });

  test('shows on which side of the limit the figure is', () => {
    const near = { ...fixture, throughput: { events: 1, eventsPerSecond: 100_000.4 } };
    expect(judged('throughput.events > 100k/s', near)).toMatchObject({ met: true, text: '100,000.4/s' });
    expect(judged('throughput.events <= 100k/s', near)).toMatchObject({ met: false, text: '100,000.4/s' });
    expect(judged('throughput.events > 90k/s', near).text).toBe('100,000/s');
  });

  test('what was not measured is not met, whatever is asked', () => {
    const none: RunResult = { ...fixture, scenarios: [], locks: [], latency: {} };
    const cases: [string, RunResult, string][] = [
      ['locks.tree_lock.wait.p99 < 1s', fixture, 'nobody waited for it'],
      ['locks.tree_lock.wait.total >= 0s', fixture, 'nobody waited for it'],
      ['locks.ctx_lock.hold.p75 < 1s', fixture, 'no hold of it was timed'],
      ['locks.ctx_lock.contentions == 0', fixture, 'it was never taken'],
      ['latency.io_cancel.p50 < 1s', fixture, 'no such call was timed'],
      ['detection.exit_waits.p50 < 1s', fixture, 'no build without that fix alone was run'],
      ['throughput.events >= 0/s', none, 'no round was run'],
      ['findings.unexpected == 0', none, 'no round was run'],
      ['rounds == 0', none, 'no round was run'],
    ];
    for (const [expression, result, why] of cases) {
      expect(judged(expression, result)).toEqual({ expression, value: null, text: `not measured: ${why}`, met: false });
    }
  });
});

/** The error's sentence, and the right expression that it ends with. */
function wrong(expression: string): { sentence: string; example: string } {
  try {
    parseThreshold(expression);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const sentence = (error as UsageError).message;
    const example = /type for example --threshold '([^']*)'$/.exec(sentence)?.[1] ?? '';
    return { sentence, example };
  }
  throw new Error(`${expression} was taken`);
}

describe('a wrong expression', () => {
  test('is one sentence: what is wrong, what is near it, what to type', () => {
    expect(() => parseThreshold('locks.completion_lok.wait.p99 < 50us')).toThrow(
      "--threshold takes METRIC OP VALUE, and 'locks.completion_lok.wait.p99' names no metric, the nearest are " +
        'locks.completion_lock.wait.p99, locks.completion_lock.wait.p90, locks.completion_lock.wait.p99.9; ' +
        "type for example --threshold 'locks.completion_lock.wait.p99 < 50us'",
    );
  });

  test.each([
    ['lock.x.wait.p99 < 1us', 'lock', "'lock.x.wait.p99' names no metric"],
    ['locks < 1us', ' ', "'locks' names no metric"],
    ['locks.rcu.lok.wait.p99 < 1us', 'rcu.lok', 'the nearest are locks.rcu.lock.wait.p99'],
    ['locks.rcu.lock.wate.p99 < 1us', 'wate', 'the nearest are locks.rcu.lock.wait.p99'],
    ['locks.ring_lock < 1us', ' ', "'locks.ring_lock' names no metric"],
    ['locks.ring_lock.wait < 1us', ' ', "'locks.ring_lock.wait' names no metric"],
    ['locks.ring_lock.wait.p100 < 1us', 'p100', 'names no metric'],
    ['locks.ring_lock.wait.p0 < 1us', 'p0', 'names no metric'],
    ['locks.ring_lock.contentions.p99 < 1', 'p99', 'the nearest are locks.ring_lock.contentions'],
    ['latency.io_sumbit.p99 < 1us', 'io_sumbit', 'the nearest are latency.io_submit.p99'],
    ['latency.io_submit.mean < 1us', 'mean', 'the nearest are latency.io_submit.m'],
    ['throughput.evnts > 1/s', 'evnts', "'throughput.evnts' names no metric"],
    ['findings.all == 0', 'all', 'the nearest are findings.'],
    [
      'detection.serialize_migration.p50 < 1s',
      'serialize_migration',
      'the nearest are detection.serialise_migration.p50',
    ],
    ['detection.exit_waits.p90 < 1s', 'p90', 'the nearest are detection.exit_waits.p'],
    ['events.total > 1', 'total', ', events, '],
    ['rounds', '', 'no comparison follows the metric'],
    ['rounds 5', '', 'no comparison follows the metric'],
    ['rounds => 5', '=>', "'=>' is no comparison"],
    ['rounds = 5', '=', "'=' is no comparison"],
    ['rounds above 5', 'above', "'above' is no comparison"],
    ['rounds >', '', 'no number follows the comparison'],
    ['rounds > many', 'many', "'many' is no number"],
    ['rounds > -5', '-5', "'-5' is no number of 0 or more"],
    ['rounds > 1e999', '1e999', 'too large'],
    ['rounds > 5us', 'us', "'us' does not fit this metric, a count"],
    ['rounds > 5/s', '/s', "'/s' does not fit this metric"],
    ['rounds > 5 and more', 'and', "'and more' does not fit this metric"],
    ['rounds > 5k and more', 'and more', "'k and more' does not fit this metric"],
    ['latency.io_submit.p99 < 50', '', 'the number has no unit, a time needs ns, us, ms or s'],
    ['latency.io_submit.p99 < 50%', '%', "'%' does not fit"],
    ['latency.io_submit.p99 < 50k', 'k', "'k' does not fit"],
    ['latency.io_submit.p99 < 50constructor', 'constructor', 'does not fit'],
    ['locks.ring_lock.contended < 0.05', '', 'a share needs %'],
    ['throughput.events > 5/ms', '/ms', 'a rate is'],
    ['< 5', '< 5', 'begins with no metric'],
    ['', '', 'is empty'],
  ])('%s', (expression, place, says) => {
    const { sentence } = wrong(expression);
    expect(sentence).toContain(place.trim());
    expect(sentence).toContain(says);
  });

  test('names another that is right', () => {
    for (const expression of [
      'lock.x < 1',
      'locks.wait.lok.contentions < 1',
      'locks.ring_lock.waits.p99 < 1us',
      'locks.ring_lock.acq-bounces < 1',
      'locks.ring_lock.contend < 1%',
      'locks.ring_lock.hold.p100 < 1s',
      'latency.getevents.p50 < 1s',
      'latency.io_setup.median < 1s',
      'throughput > 1',
      'findings > 1',
      'detection.exit.p50 < 1s',
      'rounds = 3',
      'latency.io_setup.p50 <> 3',
      'locks.ring_lock.contended < 3',
      '',
    ]) {
      const { example } = wrong(expression);
      expect(() => parseThreshold(example), `${expression}: ${example}`).not.toThrow();
    }
  });

  test('text that is no text is one line all the same', () => {
    expect(wrong('rounds > a\n\tb\u0007').sentence).toContain("'a??b?' is no number");
  });
});

describe('round trip', () => {
  const percent = fc.oneof(
    fc.constantFrom('min', 'max', 'avg', 'total', 'p999', 'p99.9'),
    fc.integer({ min: 1, max: 99 }).map((n) => `p${n}`),
    fc.integer({ min: 1, max: 999 }).map((n) => `p${(n / 10).toFixed(1)}`),
  );
  const cls = fc.constantFrom(...LOCK_CLASSES);
  const time = fc.oneof(
    fc.tuple(cls, fc.constantFrom('wait', 'hold'), percent).map(([c, what, p]) => `locks.${c}.${what}.${p}`),
    fc.tuple(fc.constantFrom(...SYSCALLS), percent).map(([call, p]) => `latency.${call}.${p}`),
    fc
      .tuple(fc.constantFrom(...REVERTIBLE), fc.constantFrom('p50', 'p95', 'p99'))
      .map(([s, p]) => `detection.${s}.${p}`),
  );
  const counts = fc.oneof(
    fc
      .tuple(cls, fc.constantFrom('contentions', 'acquisitions', 'con_bounces', 'acq_bounces'))
      .map(([c, what]) => `locks.${c}.${what}`),
    fc.constantFrom('events', 'rounds', 'findings.known', 'findings.unexpected'),
  );
  const units = (sizes: Readonly<Record<string, number>>) => fc.constantFrom(...Object.entries(sizes));
  const metric = fc.oneof(
    fc.record({ name: time, kind: fc.constant('time'), unit: units({ ns: 1, us: 1e3, ms: 1e6, s: 1e9 }) }),
    fc.record({ name: counts, kind: fc.constant('count'), unit: units({ '': 1, k: 1e3, M: 1e6 }) }),
    fc.record({ name: cls.map((c) => `locks.${c}.contended`), kind: fc.constant('share'), unit: units({ '%': 1 }) }),
    fc.record({
      name: fc.constant('throughput.events'),
      kind: fc.constant('rate'),
      unit: units({ '/s': 1, 'k/s': 1e3, 'M/s': 1e6, '': 1 }),
    }),
  );
  const space = fc.constantFrom('', ' ', '  ');

  test('what is written is what is read', () => {
    fc.assert(
      fc.property(
        metric,
        fc.constantFrom('<', '<=', '>', '>=', '==', '!='),
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.tuple(space, space, space, space, space),
        ({ name, kind, unit: [unit, size] }, op, n, [a, b, c, d, e]) => {
          const read = parseThreshold(`${a}${name}${b}${op}${c}${n}${d}${unit}${e}`);
          expect({ kind: read.metric.kind, op: read.op, limit: read.limit }).toEqual({ kind, op, limit: n * size });
        },
      ),
    );
  });

  test('whatever is typed is taken, or refused on one line', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40, unit: 'binary' }), fc.nat(40), (noise, at) => {
        const right = 'locks.completion_lock.wait.p99 < 50us';
        const text = right.slice(0, at) + noise + right.slice(at);
        try {
          parseThreshold(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as UsageError).message).not.toMatch(/[\p{Cc}]/u);
        }
      }),
    );
  });
});
