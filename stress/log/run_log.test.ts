// SPDX-License-Identifier: GPL-2.0-only
/** A log that is lost while it is written costs the log, and no figure. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Run } from '../result/run_result.ts';
import { loadRun } from './load.ts';
import { fixture } from './log.test-data.ts';
import type { EndRecord } from './records.ts';
import { RunLog } from './run_log.ts';

const root = mkdtempSync(join(tmpdir(), 'run-log-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

/** Writes the fixture, and does something to the log in the middle of it. */
function run(meddle: (path: string) => void = () => {}): { folder: string; run: Run; cut: string | null } {
  const folder = join(root, `run-${folders++}`);
  const log = new RunLog(folder);
  fixture.slice(0, -1).forEach((record, i) => {
    if (i === 6) meddle(join(folder, 'events.ndjson'));
    log.write(record);
  });
  const run = log.finish(fixture.at(-1) as EndRecord);
  return { folder, run, cut: log.cut };
}
const whole = run();

test('what is reported live is what a reader of the log gets', () => {
  expect(whole.cut).toBeNull();
  expect(whole.run).toEqual(loadRun(whole.folder));
});

test.each<[string, (path: string) => void, string]>([
  ['cut off', (path) => truncateSync(path, 0), 'somebody else has changed it meanwhile'],
  ['written to', (path) => appendFileSync(path, '{}\n'), 'somebody else has changed it meanwhile'],
  ['taken away', (path) => rmSync(join(path, '..'), { recursive: true }), 'it was taken away meanwhile'],
  [
    'exchanged',
    (path) => {
      renameSync(path, `${path}.old`);
      writeFileSync(path, readFileSync(`${path}.old`));
    },
    'it was taken away meanwhile',
  ],
])('a log that was %s is said to be, and the result has everything', (_, meddle, why) => {
  const { folder, run: result, cut } = run(meddle);
  expect(cut).toBe(`The log '${join(folder, 'events.ndjson')}' is not whole: ${why}.`);
  expect(result).toEqual(whole.run);
});

test('what comes after the end is not written: who still runs has nothing more to say', () => {
  const folder = join(root, 'late');
  const log = new RunLog(folder);
  for (const record of fixture.slice(0, -1)) log.write(record);
  const first = log.finish(fixture.at(-1) as EndRecord);
  log.write({ t: 'round', n: 99, case: 0, seed: 1, ms: 5000 });
  expect(log.cut).toBeNull();
  expect(loadRun(folder)).toEqual(first);
});

test('a log that the system takes no more of ends with a whole line', () => {
  const folder = join(root, 'limited');
  const built = join(import.meta.dirname, '../../dist/stress/log/run_log.js');
  const program = `
    const { RunLog } = await import('${built}');
    const log = new RunLog('${folder}');
    for (const record of JSON.parse(process.argv[1])) log.write(record);
    const { result } = log.finish({ t: 'end', ms: 4000, signal: null, failure: null });
    process.stdout.write(JSON.stringify([result.throughput.events, log.cut]));
  `;
  const node = `ulimit -f 2; exec ${process.execPath} --input-type=module -e "$0" "$1"`;
  const out = execFileSync('bash', ['-c', node, program, JSON.stringify(fixture.slice(0, -1))], { encoding: 'utf8' });
  const [events, cut] = JSON.parse(out) as [number, string];
  expect(events).toBe(whole.run.result.throughput.events);
  expect(cut).toContain('is not whole: it would be larger than this process may write (ulimit -f).');
  // What it has can be read.
  expect(readFileSync(join(folder, 'events.ndjson'), 'utf8')).toMatch(/\}\n$/);
  expect(loadRun(folder).result.verdict).toBe('interrupted');
});
