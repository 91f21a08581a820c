// SPDX-License-Identifier: GPL-2.0-only
/** The figures that a threshold may name, and how each is read from a result. */
import { LOCK_CLASSES } from '../../src/kernel/locking/classes.ts';
import { SLUGS } from '../../src/reverts/registry.ts';
import type { Detection, RunResult } from '../result/run_result.ts';
import type { Part } from './place.ts';
import { locks, type Measured, percentOf, SYSCALLS, stat, timed } from './reading.ts';
import { type Kind, VALUE_EXAMPLE } from './unit.ts';
import { Words } from './words.ts';

export interface Metric {
  readonly kind: Kind;
  readonly read: (result: RunResult) => Measured;
}

const FAMILIES = ['locks', 'latency', 'throughput', 'detection', 'findings', 'events', 'rounds'] as const;
const LOCK_COUNTS = ['contentions', 'acquisitions', 'con_bounces', 'acq_bounces', 'contended'] as const;
const LOCK_FIGURES = ['wait', 'hold', ...LOCK_COUNTS] as const;
const STATS = ['min', 'p50', 'p90', 'p99', 'p99.9', 'max', 'avg', 'total'] as const;
const DETECTION_STATS = ['p50', 'p95', 'p99'] as const;
const FINDING_KINDS = ['unexpected', 'known'] as const;

function statName(words: Words, names: readonly string[], example: (name: string) => string): string {
  const part = words.tail();
  if (percentOf(part.text) !== null) return part.text;
  return words.oneOf(part, names, 'statistic', example);
}

function lockMetric(words: Words): Metric {
  const rest = words.left;
  const known = LOCK_CLASSES.find((name) => rest === name || rest.startsWith(`${name}.`));
  const guess = rest.replace(/(\.(wait|hold)\..*|\.[^.]*)$/, '');
  const part = words.word((known ?? guess).length);
  const cls = words.oneOf(part, LOCK_CLASSES, 'lock class', (name) => `locks.${name}.wait.p99 < 50us`);
  const figurePart = words.word();
  const figure = words.oneOf(figurePart, LOCK_FIGURES, 'figure of a lock', (name) =>
    name === 'wait' || name === 'hold'
      ? `locks.${cls}.${name}.p99 < 50us`
      : `locks.${cls}.${name} < ${VALUE_EXAMPLE[name === 'contended' ? 'share' : 'count']}`,
  );
  if (figure === 'wait' || figure === 'hold') {
    const name = statName(words, STATS, (like) => `locks.${cls}.${figure}.${like} < 50us`);
    return { kind: 'time', read: (result) => timed(result, cls, figure, name) };
  }
  words.end();
  return { kind: figure === 'contended' ? 'share' : 'count', read: (result) => locks(result, cls, figure) };
}

function latencyMetric(words: Words): Metric {
  const call = words.oneOf(words.word(), SYSCALLS, 'system call', (name) => `latency.${name}.p99 < 5ms`);
  const name = statName(words, STATS, (like) => `latency.${call}.${like} < 5ms`);
  return {
    kind: 'time',
    read: ({ latency }) => {
      const times = latency[call];
      return stat(times, times === undefined ? 0 : times.mean * times.samples, name, 'no such call was timed');
    },
  };
}

function detectionMetric(words: Words): Metric {
  const slug = words.oneOf(words.word(), SLUGS, 'fix that can be taken back', (name) => `detection.${name}.p95 < 10s`);
  const name = words.oneOf(
    words.tail(),
    DETECTION_STATS,
    'quantile of the time to detection',
    (like) => `detection.${slug}.${like} < 10s`,
  );
  const field = ({ p50: 'p50Ms', p95: 'p95Ms', p99: 'p99Ms' } as const)[name];
  return {
    kind: 'time',
    read: ({ scenarios }) => {
      const tried = scenarios.filter(({ build }) => build.reverted.length === 1 && build.reverted[0] === slug);
      const times = tried.flatMap(({ detection }) => timeTo(detection, field));
      // whichever scenario shows it soonest
      if (times.length > 0) return { value: Math.min(...times) * 1e6 };
      return { missing: tried.length === 0 ? 'no build without that fix alone was run' : 'its race never showed' };
    },
  };
}

function timeTo(detection: Detection | null, field: 'p50Ms' | 'p95Ms' | 'p99Ms'): number[] {
  const ms = detection?.[field] ?? null;
  return ms === null ? [] : [ms];
}

/** Counts of a run that had a round. */
const ofRounds =
  (read: (result: RunResult) => number) =>
  (result: RunResult): Measured =>
    result.scenarios.some(({ rounds }) => rounds > 0) ? { value: read(result) } : { missing: 'no round was run' };

function findingsMetric(words: Words): Metric {
  const kind = words.oneOf(words.tail(), FINDING_KINDS, 'kind of finding', (like) => `findings.${like} == 0`);
  return {
    kind: 'count',
    read: ofRounds(
      ({ scenarios }) =>
        scenarios
          .flatMap(({ findings }) => findings)
          .filter(({ known, expected }) => (kind === 'known' ? known !== null : known === null && !expected)).length,
    ),
  };
}

/** @throws UsageError at the word that names nothing */
export function parseMetric(expression: string, metric: Part): Metric {
  const words = new Words(expression, metric);
  const family = words.oneOf(words.word(), FAMILIES, 'metric', (like) => FAMILY_EXAMPLES[like] ?? '');
  switch (family) {
    case 'locks':
      return lockMetric(words);
    case 'latency':
      return latencyMetric(words);
    case 'detection':
      return detectionMetric(words);
    case 'findings':
      return findingsMetric(words);
    case 'throughput':
      words.oneOf(words.tail(), ['events'], 'throughput', () => 'throughput.events > 1e5/s');
      return { kind: 'rate', read: ofRounds(({ throughput }) => throughput.eventsPerSecond) };
    case 'events':
      words.end();
      return { kind: 'count', read: ofRounds(({ throughput }) => throughput.events) };
    default:
      words.end();
      return {
        kind: 'count',
        read: ofRounds(({ scenarios }) => scenarios.reduce((sum, { rounds }) => sum + rounds, 0)),
      };
  }
}

const FAMILY_EXAMPLES: Readonly<Record<string, string>> = {
  locks: 'locks.completion_lock.wait.p99 < 50us',
  latency: 'latency.io_submit.p99 < 5ms',
  throughput: 'throughput.events > 1e5/s',
  detection: 'detection.serialise_migration.p95 < 10s',
  findings: 'findings.unexpected == 0',
  events: 'events > 1M',
  rounds: 'rounds >= 100',
};
