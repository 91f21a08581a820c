// SPDX-License-Identifier: GPL-2.0-only
/**
 * Accounting of slots, against a model that knows of no batches and no CPUs: a request gets in while fewer are unread
 * than the ring can hand out; an event is unread until the head has been seen to have passed it.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkSlots, contextOf } from '../../testing/slots.ts';
import {
  eventsAt,
  io_setup,
  login,
  logout,
  makeIocb,
  malloc,
  mm,
  openFile,
  pointerArray,
  runOn,
  setIocb,
  userReap,
} from '../../testing/user.ts';
import { EAGAIN } from '../../uapi/errno.ts';
import { EVENT_BYTES, ring_field, scribble } from '../../user/libaio.ts';
import { sys_io_destroy, sys_io_getevents, sys_io_submit } from './syscalls.ts';

const NR = 127;
/** Of 126 slots a CPU gets whole batches of 15. */
const LIMIT = 120;
const ASKED = 32;
const CALL_MAX = 140;

let iocbs: number[] = [];
let pointers = 0;
let room = 0;
beforeAll(() => {
  login();
  const fd = openFile(8);
  const buf = malloc(8);
  iocbs = Array.from({ length: CALL_MAX }, () => makeIocb({ fd, buf, nbytes: 8 }));
  pointers = pointerArray(iocbs);
  room = malloc(CALL_MAX * EVENT_BYTES);
});
afterAll(logout);

/** The ring as user space knows it, and how many events the kernel takes for unread. */
class Model {
  head = 0;
  tail = 0;
  unread = 0;
  data = 0;
  readonly slots = new Array<number>(NR).fill(0);

  private notice(): void {
    const inRing = (this.tail - (this.head % NR) + NR) % NR;
    this.unread = Math.min(this.unread, inRing);
  }

  /** @returns how many get in */
  submit(count: number): number {
    for (let i = 0; i < count; i++) {
      if (this.unread >= LIMIT) this.notice();
      if (this.unread >= LIMIT) return i;
      this.slots[this.tail] = this.data++;
      this.tail = (this.tail + 1) % NR;
      this.unread += 1;
      if (this.unread > 1) this.notice();
    }
    return count;
  }

  /** @returns the data of the events that are read */
  read(max: number): number[] {
    if (this.head === this.tail) return [];
    let at = this.head % NR;
    const got: number[] = [];
    for (; got.length < max && at !== this.tail; at = (at + 1) % NR) got.push(this.slots[at] as number);
    this.head = at;
    return got;
  }

  /** As read(), but a reaper that takes nothing writes nothing. */
  reap(max: number): number[] {
    const got: number[] = [];
    while (got.length < max && this.head !== this.tail) {
      got.push(this.slots[this.head % NR] as number);
      this.head = ((this.head % NR) + 1) % NR;
    }
    return got;
  }
}

type Step =
  | { readonly step: 'submit' | 'getevents' | 'reap'; readonly n: number }
  | { readonly step: 'scribble'; readonly head: number };

const counted = (step: 'submit' | 'getevents' | 'reap') =>
  fc.record({
    step: fc.constant(step),
    n: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: CALL_MAX })),
  });
const scribbled = fc.record({
  step: fc.constant('scribble' as const),
  head: fc.oneof(fc.integer({ min: 0, max: NR + 5 }), fc.integer({ min: 0, max: 0xffff_ffff })),
});
const honest = fc.oneof(counted('submit'), counted('getevents'), counted('reap'));
const hostile = fc.oneof({ weight: 5, arbitrary: honest }, { weight: 1, arbitrary: scribbled });

/** What the port does. @returns what there is to compare */
function onPort(ctx: number, step: Step, data: number): number | number[] {
  switch (step.step) {
    case 'submit': {
      for (let i = 0; i < step.n; i++) setIocb(iocbs[i] as number, 'aio_data', data + i);
      const ret = sys_io_submit(ctx, step.n, pointers);
      return ret === -EAGAIN ? 0 : ret;
    }
    case 'getevents': {
      const ret = sys_io_getevents(ctx, 0, step.n, room, 0);
      return ret < 0 ? ret : eventsAt(room, ret).map((event) => event.data);
    }
    case 'reap':
      return userReap(ctx, step.n).map((event) => event.data);
    case 'scribble':
      scribble(ctx, 'head', step.head);
      return 0;
  }
}

function onModel(model: Model, step: Step): number | number[] {
  switch (step.step) {
    case 'submit':
      return model.submit(step.n);
    case 'getevents':
      return model.read(step.n);
    case 'reap':
      return model.reap(step.n);
    case 'scribble':
      model.head = step.head;
      return 0;
  }
}

/** Runs the steps on a new context and on a new model. */
function compare(steps: readonly Step[]): void {
  const ctx = io_setup(ASKED);
  const model = new Model();
  for (const step of steps) {
    const data = model.data;
    const expected = onModel(model, step);
    expect(onPort(ctx, step, data)).toEqual(expected);
    expect([ring_field(ctx, 'head'), ring_field(ctx, 'tail')]).toEqual([model.head, model.tail]);
    expect(contextOf(mm(), ctx).completed_events).toBe(model.unread);
    checkSlots(mm());
  }
  expect(sys_io_destroy(ctx)).toBe(0);
}

test('whatever an honest user does, the port and the model agree', () => {
  fc.assert(
    fc.property(fc.array(honest, { maxLength: 30 }), (steps) => compare(steps)),
    { seed: 20143, numRuns: 100 },
  );
});

test('a head that is scribbled moves events, and not a slot', () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 30 }), (steps) => compare(steps)),
    { seed: 20144, numRuns: 150 },
  );
});

test('on two CPUs: no more than the ring holds, and who has fewer than he asked for gets in', () => {
  const onSomeCpu = fc.tuple(fc.integer({ min: 0, max: 1 }), honest);
  fc.assert(
    fc.property(fc.array(onSomeCpu, { maxLength: 30 }), (steps) => {
      const ctx = io_setup(ASKED);
      let data = 0;
      let next = 0;
      for (const [cpu, step] of steps) {
        runOn(cpu);
        const ret = onPort(ctx, step, data);
        if (typeof ret === 'number') {
          data += ret;
          if (step.step === 'submit' && ret < step.n) expect(data - next).toBeGreaterThanOrEqual(ASKED);
        } else {
          expect(ret).toEqual(ret.map((_, i) => next + i));
          next += ret.length;
        }
        expect(data - next).toBeLessThan(NR);
        checkSlots(mm());
      }
      expect(sys_io_destroy(ctx)).toBe(0);
      runOn(0);
    }),
    { seed: 20145, numRuns: 100 },
  );
});
