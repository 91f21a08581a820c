// SPDX-License-Identifier: GPL-2.0-only
/**
 * npm run bench: how fast the machine is, and how far from the same algorithm in C.
 *
 * All that is compared is interleaved: a round runs every part once, each right after its C program, so that both meet
 * the same neighbours. The first rounds are not counted; in them V8 compiles. Nothing here fails because it is slow.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { ktime_get } from '../../src/arch/sab/clock.ts';
import { type CpuParams, createMachine, start_kernel } from '../../src/init/machine.ts';
import { makeAioLoad } from './aio_load.ts';
import { InstrumentCost, renderCosts } from './instruments.ts';
import { makeLockLoad } from './lock_load.ts';
import { summarise } from './samples.ts';
import { measureSchedules } from './schedules.ts';
import { measureSingle, singleParts } from './single.ts';
import { renderSchedules, renderTable } from './table.ts';
import { BenchThreads, THREADS_MAX, threadParts } from './threads.ts';
import { Yardstick } from './yardstick.ts';

interface Options {
  readonly rounds: number;
  readonly ms: number;
  readonly json?: string;
}

/** For each scheduler. */
const SCHEDULES_MS = 4000;
/** Rounds in which V8 compiles. */
const WARMUP_ROUNDS = 4;

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new InvalidArgumentError('a whole number above 0 is needed');
  return value;
}

const command = new Command('bench')
  .description('Measures locks and the path of an event, and the same in C where there is a gcc.')
  .option('--rounds <count>', 'rounds that count', positive, 9)
  .option('--ms <ms>', 'length of a window', positive, 80)
  .option('--json <file>', 'write the numbers to a file as well')
  .addHelpText(
    'after',
    `
Columns:
  ns          median over the rounds of the time per operation, over all threads: wall time / operations
  spread      half the distance between the quartiles, in percent of the median
  C: ns       the same in C: lockc.c, a futex mutex that spins 100 times, or pthread_mutex; aio_hot.c, the path of an
              event without files, page tables and copies of the data
  ratio to C  median over the rounds of C's time / ours: 1.00 is as fast as C

Columns of the cost of instruments:
  off: ns     as ns above, with nothing switched on
  the others  median over some windows of the time with the instrument / the time with nothing, and its spread; each set
              of instruments has threads of its own; another run may differ by some percent more than the spread, since
              V8 compiles what a thread runs as it finds it`,
  );

/** Runs all rounds. */
async function measure(options: Options): Promise<void> {
  const yardstick = new Yardstick();
  if (!yardstick.available) console.log('no gcc: the C programs are skipped, and there are no ratios');
  const machine = createMachine({ cpus: THREADS_MAX });
  const roles = Array.from({ length: THREADS_MAX }, (_, cpu) => `bench${cpu}`);
  const params: Omit<CpuParams, 'cpu'> = {
    reverted: [],
    seed: 1,
    perturb: 'none',
    debug: false,
    roles,
    bootTime: ktime_get(),
  };
  start_kernel(machine, { ...params, cpu: 0 }, 1);
  const aio = makeAioLoad(THREADS_MAX);
  const locks = makeLockLoad();
  const single = singleParts(locks, aio);
  const multi = threadParts();
  const threads = new BenchThreads(THREADS_MAX, machine, params, locks, aio);
  const instruments = new InstrumentCost(machine, params, locks, aio);
  try {
    for (let round = -WARMUP_ROUNDS; round < options.rounds; round++) {
      for (const part of single) await measureSingle(part, yardstick, options.ms, round >= 0);
      for (const part of multi) await threads.measure(part, yardstick, options.ms, round >= 0);
      await instruments.measure(yardstick, options.ms, round);
    }
  } finally {
    await threads.close();
    await instruments.close();
    yardstick.dispose();
  }
  const samples = [...single, ...multi].map((part) => part.samples);
  const rows = samples.map(summarise);
  const costs = instruments.summarise();
  console.log(renderTable(rows));
  console.log('\nWhat the instruments cost:');
  console.log(renderCosts(costs));
  const schedules = await measureSchedules(SCHEDULES_MS);
  console.log('\nSchedules of a small scenario, every access checked:');
  console.log(renderSchedules(schedules));
  console.log(
    `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, ${options.rounds} rounds`,
  );
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ rows, samples, instruments: costs, schedules }, null, 2)}\n`);
}

await measure(command.parse().opts<Options>());
