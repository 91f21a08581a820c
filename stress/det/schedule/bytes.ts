// SPDX-License-Identifier: GPL-2.0-only
/**
 * A schedule as bytes: numbers seven bits at a time, texts behind their length, a decision's step as what it is more
 * than the last one of its CPU.
 */
import { ROLES, type Role } from '../../../workers/protocol.ts';
import { MEMORIES, type Schedule } from './schedule.ts';
import type { Decision } from './words.ts';

/** Bytes that are no schedule. */
export class Malformed extends Error {}

class Writer {
  readonly bytes: number[] = [];

  number(n: number): void {
    let left = n;
    for (; left >= 128; left = Math.floor(left / 128)) this.bytes.push((left % 128) + 128);
    this.bytes.push(left);
  }

  signed(n: number): void {
    this.number(n < 0 ? -2 * n - 1 : 2 * n);
  }

  text(text: string): void {
    const bytes = Buffer.from(text);
    this.number(bytes.length);
    this.bytes.push(...bytes);
  }

  list<T>(items: readonly T[], put: (item: T) => void): void {
    this.number(items.length);
    for (const item of items) put(item);
  }
}

class Reader {
  private readonly bytes: Uint8Array;
  private next = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get atEnd(): boolean {
    return this.next === this.bytes.length;
  }

  number(): number {
    let n = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.bytes[this.next++];
      if (byte === undefined) throw new Malformed('too few bytes');
      n += (byte % 128) * scale;
      if (byte < 128) return n;
    }
    throw new Malformed('a number of too many bytes');
  }

  signed(): number {
    const n = this.number();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  text(): string {
    const length = this.number();
    if (length > this.bytes.length - this.next) throw new Malformed('too few bytes');
    this.next += length;
    return Buffer.from(this.bytes.subarray(this.next - length, this.next)).toString();
  }

  list<T>(take: () => T): T[] {
    const length = this.number();
    if (length > this.bytes.length - this.next) throw new Malformed('too few bytes');
    return Array.from({ length }, take);
  }
}

const roleNumber = (role: string): number => ROLES.indexOf(role as Role);

/** What is applied stands after what is reverted, with a plus; then what RCU it is, where it is not the classic one. */
const buildWords = ({ reverted, applied = [], rcu }: Schedule): string[] => [
  ...reverted,
  ...applied.map((slug) => `+${slug}`),
  ...(rcu === 'preempt' ? [PREEMPT_RCU] : []),
];
const PREEMPT_RCU = '*preempt';
const buildOfWords = (words: readonly string[]): Pick<Schedule, 'reverted' | 'applied' | 'rcu'> => {
  const applied = words.filter((word) => word.startsWith('+')).map((word) => word.slice(1));
  return {
    reverted: words.filter((word) => !/^[+*]/.test(word)),
    ...(applied.length === 0 ? {} : { applied }),
    ...(words.includes(PREEMPT_RCU) ? { rcu: 'preempt' } : {}),
  };
};

/** 0 for null. */
const orNull = (n: number | null): number => (n === null ? 0 : n + 1);
const nullOr = (n: number): number | null => (n === 0 ? null : n - 1);

export function scheduleBytes(schedule: Schedule): Uint8Array {
  const out = new Writer();
  out.text(schedule.tool);
  out.text(schedule.source);
  out.text(schedule.scenario);
  out.list(buildWords(schedule), (word) => out.text(word));
  out.list(schedule.roles, (role) => out.number(roleNumber(role)));
  out.number(schedule.seed);
  out.number(orNull(schedule.turns));
  out.number(MEMORIES.indexOf(schedule.memory));
  out.number(schedule.arenaMib);
  out.number(schedule.maxSteps);
  out.number(orNull(schedule.hash));
  const last = new Map<number, number>();
  out.list(schedule.decisions, ({ cpu, step, to }) => {
    out.number(cpu);
    out.signed(step - (last.get(cpu) ?? 0));
    out.number(to);
    last.set(cpu, step);
  });
  return Uint8Array.from(out.bytes);
}

/** @throws Malformed */
export function scheduleOfBytes(bytes: Uint8Array, format: number): Schedule {
  const from = new Reader(bytes);
  const one = <T>(names: readonly T[]): T => {
    const name = names[from.number()];
    if (name === undefined) throw new Malformed('a number that stands for nothing');
    return name;
  };
  const last = new Map<number, number>();
  const decision = (): Decision => {
    const cpu = from.number();
    const step = (last.get(cpu) ?? 0) + from.signed();
    last.set(cpu, step);
    return { cpu, step, to: from.number() };
  };
  const schedule: Schedule = {
    format,
    tool: from.text(),
    source: from.text(),
    scenario: from.text(),
    ...buildOfWords(from.list(() => from.text())),
    roles: from.list(() => one(ROLES)),
    seed: from.number(),
    turns: nullOr(from.number()),
    memory: one(MEMORIES),
    arenaMib: from.number(),
    maxSteps: from.number(),
    hash: nullOr(from.number()),
    decisions: from.list(decision),
  };
  if (!from.atEnd) throw new Malformed('too many bytes');
  return schedule;
}
