// SPDX-License-Identifier: GPL-2.0-only
/** Park, as far as one thread can see it: when it does not sleep, and how it ends. Threads: testing/bodies/sleep.ts. */
import { beforeEach, expect, it } from 'vitest';
import { boot } from '../../testing/boot.ts';
import { memblock_alloc } from './bss.ts';
import { isAborted, MachineAborted, parkedOn, setAborted } from './control.ts';
import { setHook, store32 } from './memory.ts';
import { FOREVER, idle, park, unpark, unparkCpu } from './park.ts';

let word: number;
beforeEach(() => {
  boot({ sanitize: false });
  word = memblock_alloc(4, 4);
});

it('does not sleep if the word is something else', () => {
  store32(word, 5);
  expect(park(word, 4, FOREVER)).toBe(false);
});
it('says that the time ran out', () => {
  expect(park(word, 0, 1000)).toBe(true);
  expect(park(word, 0, 0)).toBe(true);
});
it('announces the address while it sleeps, and only then', () => {
  const seen: number[] = [];
  const park_seen = (addr: number): boolean => {
    seen.push(addr, parkedOn(0));
    return true;
  };
  setHook({ access: () => {}, sleeper: { park: park_seen, unpark: () => 0, idle: () => {}, isQuiet: () => true } });
  expect(park(word, 0, 77)).toBe(true);
  expect([seen, parkedOn(0)]).toEqual([[word, word], 0]);
  // Whoever sleeps in its place is not asked where there is no reason to sleep.
  expect(park(word, 1, 77)).toBe(false);
  expect(seen).toHaveLength(2);
});
it('wakes and idles through whoever does it in the place of the machine', () => {
  const told: (readonly [string, number])[] = [];
  setHook({
    access: () => {},
    sleeper: {
      park: () => false,
      unpark: (addr) => told.push(['unpark', addr]),
      idle: (ns) => told.push(['idle', ns]),
      isQuiet: () => true,
    },
  });
  expect(unpark(word, 1)).toBe(1);
  idle(500);
  expect(told).toEqual([
    ['unpark', word],
    ['idle', 500],
  ]);
});
it('throws when the machine has been given up, before and instead of sleeping', () => {
  setAborted(true);
  expect(isAborted()).toBe(true);
  expect(() => park(word, 0, FOREVER)).toThrow(MachineAborted);
  setAborted(false);
  expect(park(word, 1, FOREVER)).toBe(false);
});
it('wakes nobody where nobody sleeps, and touches nothing', () => {
  expect(unpark(word, 1)).toBe(0);
  setHook({
    access: () => {
      throw new Error('unpark touched memory');
    },
    sleeper: null,
  });
  expect(unpark(word, FOREVER)).toBe(0);
  expect(() => unparkCpu(0)).not.toThrow();
});
