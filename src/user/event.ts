// SPDX-License-Identifier: GPL-2.0-only
/** An event in user space's hands, and what user space gets that touches memory which it does not have. */

/** An event, copied out of the ring or out of user memory. */
export interface Event {
  dataLo: number;
  dataHi: number;
  obj: number;
  res: number;
  res2: number;
}
export const emptyEvent = (): Event => ({ dataLo: 0, dataHi: 0, obj: 0, res: 0, res2: 0 });

/** User space touched what is not mapped: SIGSEGV. */
export class SegmentationFault extends Error {
  override readonly name = 'SegmentationFault';
  readonly va: number;
  constructor(va: number) {
    super(`segmentation fault at 0x${(va >>> 0).toString(16)}`);
    this.va = va;
  }
}
