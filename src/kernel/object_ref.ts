// SPDX-License-Identifier: GPL-2.0-only
/** What a problem is about, as a type and an address; text is made of it where it is printed. */

/** An object of the kernel or of user space that a problem is about. */
export interface ObjectRef {
  /** `kioctx`, `page`, `iocb`, `ring` */
  readonly type: string;
  readonly addr: number;
  /** Bytes from its start, 0 for the object as a whole. */
  readonly offset: number;
}
export const objectRef = (type: string, addr: number, offset = 0): ObjectRef => ({ type, addr: addr >>> 0, offset });
/** `kioctx 0x40012340+0x18` */
export const objectText = ({ type, addr, offset }: ObjectRef): string =>
  `${type} 0x${addr.toString(16)}${offset === 0 ? '' : `+0x${offset.toString(16)}`}`;
