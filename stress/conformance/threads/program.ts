// SPDX-License-Identifier: GPL-2.0-only
/** One program, from its first context to the look at what is left. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Piscina } from 'piscina';
import { wall_clock } from '../../../src/arch/sab/clock.ts';
import { createDoubles, createWords, wordLoad, wordNotify, wordStore } from '../../../src/arch/sab/words.ts';
import { createLedger, ownerOf } from '../../../workers/ledger.ts';
import { lostEvents } from '../../oracles/events.ts';
import type { Native } from '../kernel/native.ts';
import { NativeUser } from './native_user.ts';
import {
  BEGUN,
  CONTEXTS,
  CONTROL_WORDS,
  COUNTS,
  type Counts,
  castOf,
  ENTRIES_PER_THREAD,
  EVENTS_MAX,
  type Finding,
  type Program,
  type ProgramReport,
  STOP,
  type ThreadPlan,
  type ThreadReport,
  type ThreadsOptions,
} from './plan.ts';
import { openShared } from './programs.ts';

/** How long events may take to come after all threads have stopped. */
const DRAIN_NS = 2e9;
const DRAIN_MS = 20;
/** How often it is looked whether all threads have begun. */
const BEGIN_MS = 5;

export interface Stage {
  readonly native: Native;
  readonly pool: Piscina;
  readonly arena: number;
  readonly cached: number;
  readonly direct: number;
}

/** Reads what the threads have left, until every accepted request of a living context has its event. */
function drain(user: NativeUser): void {
  const { ledger, plan } = user;
  const end = wall_clock() + DRAIN_NS;
  for (let slot = 0; slot < CONTEXTS; slot++) {
    const owner = ownerOf(slot, ledger.seq(slot));
    let got = 1;
    while (ledger.alive(slot) && (got > 0 || (ledger.inFlight(owner).length > 0 && wall_clock() < end))) {
      if (plan.program === 'reapers') {
        got = user.reap(user.sharedRing(slot), EVENTS_MAX, 'honest');
        if (got === 0) user.pauseAnyway();
      } else {
        got = user.getevents(plan.handles[slot] as number, 1, EVENTS_MAX, DRAIN_MS);
        user.deliverAll(got);
      }
    }
  }
}

/** Every request that was accepted has one event, or went with its context. */
function balance(counts: Counts): Finding[] {
  const rest = counts.submitted - counts.reaped - counts['thrown away'];
  // One that was submitted while its context was being replaced may be on either.
  if (rest >= 0 && rest <= counts.raced) return [];
  const text = COUNTS.map((name) => `${name} ${counts[name]}`).join(', ');
  return [
    { kind: rest < 0 ? 'event:duplicate' : 'event:lost', title: 'submitted is not reaped and thrown away', text },
  ];
}

const sumOf = (reports: readonly ThreadReport[]): Counts =>
  Object.fromEntries(
    COUNTS.map((name) => [name, reports.reduce((sum, { counts }) => sum + counts[name], 0)]),
  ) as Counts;

/** @param seconds - how long the threads run */
export async function runProgram(
  { native, pool, arena, cached, direct }: Stage,
  program: Program,
  { threads, seed, honesty }: ThreadsOptions,
  seconds: number,
): Promise<ProgramReport> {
  const users = threads + 1;
  const common = {
    program,
    users,
    seed,
    honesty,
    arena,
    ledger: createLedger(users, ENTRIES_PER_THREAD),
    handles: createDoubles(CONTEXTS),
    control: createWords(CONTROL_WORDS),
    cached,
    direct,
  };
  const main = new NativeUser(native, { ...common, role: 'getter', thread: threads });
  for (let slot = 0; slot < CONTEXTS; slot++) openShared(main, slot);
  const played = castOf(program, threads).map(
    (role, thread): Promise<ThreadReport> => pool.run({ ...common, role, thread } satisfies ThreadPlan),
  );
  while (wordLoad(common.control, BEGUN) < threads) await sleep(BEGIN_MS);
  await sleep(seconds * 1000);
  wordStore(common.control, STOP, 1);
  wordNotify(common.control, STOP);
  const reports = await Promise.all(played);
  drain(main);
  const { ledger } = main;
  const lost = lostEvents({ ledger, books: true }).map(({ kind, title, text }) => ({
    kind,
    title,
    text: text.join(', '),
  }));
  for (let slot = 0; slot < CONTEXTS; slot++) if (ledger.alive(slot)) main.destroy(common.handles[slot] as number);
  const all = [...reports, main.report()];
  const counts = sumOf(all);
  const findings = [...all.flatMap((report) => report.findings), ...lost, ...balance(counts), ...mappings()];
  return { program, counts, findings };
}

/** Rings that are still mapped: each context has been destroyed. */
function mappings(): Finding[] {
  const left = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('[aio]'));
  if (left.length === 0) return [];
  return [{ kind: 'leak:mapping', title: 'rings of destroyed contexts are mapped', text: left.slice(0, 4).join(', ') }];
}
