// SPDX-License-Identifier: GPL-2.0-only
// The part of WebAssembly's types that we use; TypeScript ships them with the DOM only.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: boolean });
    /** A SharedArrayBuffer, for a shared memory. */
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
}
