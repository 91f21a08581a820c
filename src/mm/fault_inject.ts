// SPDX-License-Identifier: GPL-2.0-only
/**
 * Memory that runs out: allocations that fail although there is some, so that each error path is gone through.
 *
 * @linux lib/fault-inject.c should_fail(), mm/failslab.c, mm/page_alloc.c should_fail_alloc_page() v3.17
 */

/** Asked by each allocation of a slab object or of pages. @returns whether it is to fail */
type ShouldFail = () => boolean;

/** Of this CPU. A field, which V8 knows the value of while nobody changes it. */
class FaultAttr {
  should_fail: ShouldFail | null = null;
}
export const fail_alloc = new FaultAttr();

/** @param f - null where memory is what it is */
export function setAllocFaults(f: ShouldFail | null): void {
  if (fail_alloc.should_fail !== f) fail_alloc.should_fail = f;
}
