// SPDX-License-Identifier: GPL-2.0-only
/** What is on a cache line with what, as in v3.17: CPUs that share no object must not wait for each other's lines. */
import { beforeEach, describe, expect, it } from 'vitest';
import { CACHELINE_BYTES } from '../../arch/sab/memory.ts';
import { kmem_cache, kmem_cache_alloc } from '../../mm/slab.ts';
import { boot } from '../../testing/boot.ts';
import { alloc_file, defineFops } from '../file.ts';
import { kiocb, kiocb_cachep, kioctx } from './kioctx.ts';

const lineOf = (at: number): number => Math.floor(at / CACHELINE_BYTES);
const FILES = 20;
const fops = defineFops({ name: 'layout_test' });

describe('cache lines', () => {
  beforeEach(() => {
    boot({ sanitize: false });
  });

  it('has a file on a line of its own, and a request too', () => {
    const files = Array.from({ length: FILES }, () => alloc_file(fops, 0, null)?.addr ?? 0);
    expect(new Set(files.map(lineOf)).size).toBe(FILES);
    const requests = Array.from({ length: FILES }, () => kmem_cache_alloc(kiocb_cachep));
    const lines = requests.flatMap((at) => [...new Set([lineOf(at), lineOf(at + kiocb.sizeof - 1)])]);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('has what completions write, and what all CPUs only read, on different lines', () => {
    const { tail, completion_lock, internal_pages } = kioctx.offsetof;
    expect(lineOf(completion_lock)).toBe(lineOf(tail));
    expect(lineOf(internal_pages)).not.toBe(lineOf(tail));
    expect(lineOf(kmem_cache.offsetof.magazines)).not.toBe(lineOf(kmem_cache.offsetof.lock));
  });
});
