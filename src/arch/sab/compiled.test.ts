// SPDX-License-Identifier: GPL-2.0-only
/**
 * V8 takes for constants what was set once: whether there is a hook, where RAM ends, where a variable is. Code that it
 * has made from that must be gone when one of them changes. In a thread of its own, where nothing has changed before.
 */
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

const PROGRAM = `
const { parentPort } = require('node:worker_threads');
const here = (name) => import('${new URL('../../../dist/src/arch/sab/', import.meta.url).href}' + name + '.js');
(async () => {
  const { PAGE_OFFSET } = await here('access');
  const { load32, store32, setHook, setRamSize } = await here('memory');
  const { struct, u32, point } = await here('struct');
  setRamSize(2);
  const at = PAGE_OFFSET + 1024 * 1024;
  const pair = struct('pair', { first: u32, second: u32 });
  const variable = pair.unplaced();
  point(variable, at);
  const round = () => {
    store32(at, (load32(at) + 1) | 0);
    variable.second = variable.first;
    return variable.second;
  };
  for (let i = 0; i < 500_000; i++) round();
  const results = [round()];
  let seen = 0;
  setHook({ access: () => seen++, sleeper: null });
  round();
  results.push(seen);
  setHook(null);
  results.push(round(), seen);
  point(variable, at + 64);
  store32(at + 64, 7);
  results.push(round());
  for (const f of [() => load32(at), () => store32(at, 1), () => variable.first, () => { variable.first = 1; }]) {
    setRamSize(2);
    for (let i = 0; i < 500_000; i++) f();
    setRamSize(1);
    try {
      f();
      results.push('no trap');
    } catch (error) {
      results.push(/bad address 0x401000[04]0/.test(error.message));
    }
  }
  parentPort.postMessage(results);
})();
`;

test('what was a constant to V8 may change', async () => {
  const worker = new Worker(PROGRAM, { eval: true });
  const results = await new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  await worker.terminate();
  // Five accesses a round: two of the words, three of the variable's fields.
  expect(results).toEqual([500_001, 5, 500_003, 5, 7, true, true, true, true]);
});
