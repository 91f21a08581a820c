// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../cli/usage_error.ts';
import { makeBench } from './bench.test-data.ts';
import { BENCH_SCHEMA_VERSION, type Bench } from './bench_result.ts';
import { compareBenches, readBench } from './compare.ts';
import { MEMORY_TABLE } from './parts/memory.ts';
import { comparisonNotes, judgedFigures } from './rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'kioctx-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('what moved', () => {
  test('nothing between equal runs, of whatever seed', () => {
    const conclusions = Array.from({ length: 20 }, (_, i) =>
      compareBenches(makeBench({ seed: i + 1 }), makeBench({ seed: i + 100 })),
    ).map(({ conclusion }) => conclusion);
    expect(new Set(conclusions)).toEqual(new Set(['no difference']));
  });

  test('nothing where the whole machine is slower: ratios are compared, not times', () => {
    const comparison = compareBenches(makeBench(), makeBench({ seed: 2, machineSlower: 4 }));
    expect(comparison.conclusion).toBe('no difference');
    for (const { ratio } of judgedFigures(comparison)) expect(Math.abs(Math.log(ratio!))).toBeLessThan(0.1);
  });

  test('the port, where it is slower than C by more than it was, and nothing else', () => {
    const comparison = compareBenches(makeBench(), makeBench({ seed: 2, portSlower: 1.5 }));
    expect(comparison.moved).toHaveLength(8);
    expect(comparison.moved.every((name) => name.includes('the port'))).toBe(true);
    expect(comparison.conclusion).toMatch(/^8 figures moved: .*the port.* 0\.6\d*x \(slower\)/);
    const back = compareBenches(makeBench({ portSlower: 1.5 }), makeBench({ seed: 2 }));
    expect(back.conclusion).toMatch(/\(faster\)/);
    expect(back.conclusion).not.toMatch(/slower/);
  });

  test('not what is below the smallest difference of interest', () => {
    const slightly = makeBench({ seed: 2, noise: 0.001, portSlower: 1.05 });
    expect(compareBenches(makeBench({ noise: 0.001 }), slightly).conclusion).toBe('no difference');
  });

  test('not what noise could have done', () => {
    const noisy = { noise: 0.9, rounds: 8 };
    expect(compareBenches(makeBench(noisy), makeBench({ ...noisy, seed: 2, portSlower: 1.5 })).moved).toEqual([]);
  });

  test('bytes, whatever the difference', () => {
    const b = makeBench({ seed: 2 });
    const groups = b.groups.map((group) =>
      group.table === MEMORY_TABLE
        ? { ...group, contestants: group.contestants.map((one) => ({ ...one, value: one.value! + 8 })) }
        : group,
    );
    const comparison = compareBenches(makeBench(), { ...b, groups });
    expect(comparison.moved).toEqual([`${MEMORY_TABLE}, context for 32 events: 1 possible CPU`]);
    expect(comparisonNotes(comparison).join('\n')).toContain('5,312 B, now 5,320 B');
  });
});

test('what is not ours is not judged, nor what has no baseline', () => {
  const names = compareBenches(makeBench(), makeBench({ seed: 2 })).figures.map(({ name }) => name);
  expect(names.filter((name) => /: (C|js-lock|the kernel's)/.test(name))).toEqual([]);
  expect(names.filter((name) => name.includes('share'))).toEqual([]);
  expect(names.length).toBeGreaterThan(15);
});

test('few rounds claim nothing, and say how many are needed', () => {
  const comparison = compareBenches(makeBench({ rounds: 4 }), makeBench({ seed: 2, rounds: 12, portSlower: 9 }));
  expect(comparison.moved).toEqual([]);
  expect(comparison.conclusion).toBe('nothing can be said: at least 8 rounds of the same figure are needed in both');
});

test('runs that have nothing in common say so', () => {
  const b = makeBench({ seed: 2 });
  const other = { ...b, groups: b.groups.filter(({ part }) => part === 'locks') };
  const a = { ...b, groups: b.groups.filter(({ part }) => part === 'port') };
  expect(compareBenches(a, other).conclusion).toBe('nothing can be said: no figure is in both');
});

test('another machine, Node or commit is named', () => {
  const b = makeBench({ seed: 2 });
  const other = { ...b, environment: { ...b.environment, cpuModel: 'Another', node: 'v99.0.0', cores: 64 } };
  const comparison = compareBenches(makeBench(), other);
  expect(comparison.differing.map(({ name }) => name)).toEqual(['processor', 'cores', 'node']);
  expect(comparisonNotes(comparison)[0]).toContain('now v99.0.0');
  expect(compareBenches(makeBench(), b).differing).toEqual([]);
});

describe('a file', () => {
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const refusal = (path: string): string => {
    try {
      readBench(path);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message.split('\n')).toHaveLength(1);
      return (error as Error).message;
    }
    throw new Error('it was read');
  };

  test('comes back as it was written', () => {
    const bench = makeBench();
    expect(readBench(write('bench.json', JSON.stringify(bench)))).toEqual(bench);
  });

  test('that is not one is refused, with what is wrong and what to type', () => {
    expect(refusal(join(folder, 'none.json'))).toContain('there is no such file');
    expect(refusal(folder)).toContain('it is a folder');
    expect(refusal(write('text.json', 'nothing'))).toContain('it is no JSON');
    expect(refusal(write('null.json', 'null'))).toContain('it is no bench.json');
    expect(refusal(write('report.json', '{"schemaVersion":1}'))).toContain('it is no bench.json');
    const newer: Bench = { ...makeBench(), schemaVersion: BENCH_SCHEMA_VERSION + 1 };
    expect(refusal(write('newer.json', JSON.stringify(newer)))).toContain(
      `it has schema ${BENCH_SCHEMA_VERSION + 1} and this is schema ${BENCH_SCHEMA_VERSION}; it takes`,
    );
  });
});
