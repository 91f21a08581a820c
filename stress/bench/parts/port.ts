// SPDX-License-Identifier: GPL-2.0-only
/**
 * The port: submit some reads, which complete inside io_submit(), and reap them. Against the same path in C (aio_hot.c:
 * no system calls, no page tables, no descriptors, and nothing is read: hence a file here whose method moves no byte,
 * one for each thread), and against the real kernel's AIO on /dev/zero. There the kernel fills a buffer, so the port is
 * measured with a RAM disk, too, from which it copies as many bytes.
 */
import { BenchCpus } from '../cpus.ts';
import { BATCH_MAX, type FileKind, READ_BYTES } from '../loads/aio.ts';
import {
  type Contest,
  cEntrant,
  contest,
  type Entrant,
  type PartMaker,
  partOf,
  type Setup,
  warmMsOf,
} from '../part.ts';
import type { Answer } from '../work.ts';
import type { CRun } from '../yardstick.ts';

export const PORT_TABLE = 'submit, complete, reap';
export const PORT_NAMES = {
  here: 'the port',
  checked: 'the port, checked',
  c: 'C',
  kernel: "the kernel's AIO",
} as const;
export const PORT_COLUMNS = {
  single1: 'by 1',
  single32: `by ${BATCH_MAX}`,
  disk32: `by ${BATCH_MAX}, ${READ_BYTES} bytes read`,
  shared2: 'one context, 2 threads',
  shared8: 'one context, 8 threads',
  shared16: 'one context, 16 threads',
  own2: 'own contexts, 2 threads',
} as const;

interface Load {
  readonly column: string;
  readonly threads: number;
  readonly batch: number;
  readonly sharedContext: boolean;
  readonly of: FileKind;
}
const LOADS: readonly Load[] = [
  { column: PORT_COLUMNS.single1, threads: 1, batch: 1, sharedContext: true, of: 'empty' },
  { column: PORT_COLUMNS.single32, threads: 1, batch: BATCH_MAX, sharedContext: true, of: 'empty' },
  { column: PORT_COLUMNS.disk32, threads: 1, batch: BATCH_MAX, sharedContext: true, of: 'disk' },
  { column: PORT_COLUMNS.shared2, threads: 2, batch: BATCH_MAX, sharedContext: true, of: 'empty' },
  { column: PORT_COLUMNS.shared8, threads: 8, batch: BATCH_MAX, sharedContext: true, of: 'empty' },
  { column: PORT_COLUMNS.shared16, threads: 16, batch: BATCH_MAX, sharedContext: true, of: 'empty' },
  { column: PORT_COLUMNS.own2, threads: 2, batch: BATCH_MAX, sharedContext: false, of: 'empty' },
];

export const aioHot = (threads: number, batch: number, sharedContext: boolean): CRun => ({
  program: 'aio_hot',
  threads,
  args: (ms) => [threads === 1 ? 'S' : 'A', `${threads}`, `${batch}`, `${ms}`, '1', sharedContext ? '1' : 'N'],
});
const kaio = (batch: number): CRun => ({
  program: 'kaio',
  threads: 1,
  args: (ms) => [`${batch}`, `${ms}`],
});

/** ns for each operation of all threads. */
export const nsPerOperation = (answers: readonly Answer[]): number =>
  Math.max(...answers.map(({ ns }) => ns)) / answers.reduce((sum, { operations }) => sum + operations, 0);

/** The port under a load. */
function portEntrant(name: string, cpus: BenchCpus, load: Load, warmMs: number): Entrant {
  const { threads, batch, sharedContext, of } = load;
  const work =
    threads === 1
      ? { kind: 'micro' as const, micro: { load: 'aio' as const, batch, of } }
      : { kind: 'aio' as const, sharedContext, batch };
  return {
    name,
    warmMs,
    // Several threads leave V8's compiler no core.
    untilSteady: threads === 1 ? 5 : 12,
    measure: async (ms) => ({ values: [nsPerOperation(await cpus.window(new Array(threads).fill(work), ms))] }),
  };
}

/** The machines of a load. */
interface Machines {
  readonly plain: BenchCpus;
  /** KASAN tests every access; null where that is not measured */
  readonly checked: BenchCpus | null;
}

/** More than so many take turns on the cores, and the machine that others use: they would take a minute to get warm. */
const FEW = 2;

/** V8 compiles a path for what a thread has run of it, so few threads are a load's own, as C's are a process's. */
async function bootFor({ threads }: Load, setup: Setup): Promise<Machines> {
  if (threads > FEW) return { plain: await setup.machine(), checked: null };
  const plain = new BenchCpus({ cpus: threads });
  const checked = threads === 1 ? new BenchCpus({ cpus: 1, instruments: { sanitize: true } }) : null;
  await Promise.all([plain.boot(), checked?.boot()]);
  return { plain, checked };
}

function portContest(load: Load, { plain, checked }: Machines, setup: Setup): Contest {
  const { column, threads, batch, sharedContext } = load;
  const others =
    checked === null
      ? []
      : [
          portEntrant(PORT_NAMES.checked, checked, load, warmMsOf(setup)),
          cEntrant(PORT_NAMES.kernel, setup.yardstick, kaio(batch)),
        ];
  return contest(
    [
      {
        part: 'port',
        table: PORT_TABLE,
        column,
        width: threads,
        unit: 'ns',
        what: 'the time of an event, all threads together, each with a file of its own',
        baseline: PORT_NAMES.c,
        relation: 'speed',
      },
    ],
    [
      portEntrant(PORT_NAMES.here, plain, load, warmMsOf(setup)),
      cEntrant(PORT_NAMES.c, setup.yardstick, aioHot(threads, batch, sharedContext)),
      ...others,
    ],
  );
}

export const port: PartMaker = async (setup, rounds) => {
  const contests: Contest[] = [];
  const own: BenchCpus[] = [];
  for (const load of LOADS) {
    const { plain, checked } = await bootFor(load, setup);
    contests.push(portContest(load, { plain, checked }, setup));
    if (load.threads <= FEW) own.push(plain);
    if (checked !== null) own.push(checked);
  }
  return partOf('port', { rounds, contests, setup }, async () => {
    await Promise.all(own.map((cpus) => cpus.close()));
  });
};
