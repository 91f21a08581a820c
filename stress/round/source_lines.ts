// SPDX-License-Identifier: GPL-2.0-only
/**
 * Which line of the source a frame of compiled code is. Done by whoever reads the records: mapping costs a thread that
 * starts more than a stack is worth.
 */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { ROOT } from '../host/root.ts';

const maps = new Map<string, SourceMap | null>();

function mapOf(file: string): SourceMap | null {
  let map = maps.get(file);
  if (map === undefined) {
    try {
      map = new SourceMap(JSON.parse(readFileSync(new URL(`dist/${file}.map`, ROOT), 'utf8')) as SourceMapPayload);
    } catch {
      // Compiled without maps: the frame stays as it is.
      map = null;
    }
    maps.set(file, map);
  }
  return map;
}

/** `f (src/a.js:10:5)` as `f (src/a.ts:14)`; what cannot be found, and what is no frame of compiled code, unchanged. */
export function sourceFrame(frame: string): string {
  const m = /^(.*) \((.*)\.js:(\d+):(\d+)\)$/.exec(frame);
  if (m === null) return frame;
  const [, name = '', stem = '', line = '1', column = '1'] = m;
  const entry = mapOf(`${stem}.js`)?.findEntry(Number(line) - 1, Number(column) - 1);
  return entry !== undefined && 'originalLine' in entry ? `${name} (${stem}.ts:${entry.originalLine + 1})` : frame;
}
