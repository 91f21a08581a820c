// SPDX-License-Identifier: GPL-2.0-only
/** Reading files of traces. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trace } from './trace.ts';

export interface Recording {
  readonly possible_cpus: number;
  readonly traces: readonly Trace[];
}

/** Reads a file of traces. */
export function readTraces(path: string): Recording {
  const [first = '', ...rest] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const meta = JSON.parse(first) as { readonly format: string; readonly env: { readonly possible_cpus: number } };
  if (meta.format !== 'aio-trace/1') throw new Error(`not aio-trace/1 but ${meta.format}`);
  return { possible_cpus: meta.env.possible_cpus, traces: rest.map((line) => JSON.parse(line) as Trace) };
}

const FOLDER = join(import.meta.dirname, 'traces');

/** The traces that came with the project. */
export const recorded = (): Recording => readTraces(join(FOLDER, 'recorded.jsonl'));

/** All traces of the project, by file. */
export const bundled = (): Recording[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => readTraces(join(FOLDER, name)));
