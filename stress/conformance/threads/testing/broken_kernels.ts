// SPDX-License-Identifier: GPL-2.0-only
/**
 * The host's kernel, broken on purpose: what the roles and oracles must see there as they see it on the port. Each
 * export is what a thread runs.
 *
 *   losesEvents         forgets an event of what was done inside io_submit()
 *   losesDeviceEvents   forgets an event of what is done later: nobody can know that it was
 *   repeatsEvents       gives an event of an earlier call again
 *   corruptsResults     says of a read that less was read
 *   corruptsData        an event comes before the data
 *   writesLate          writes into a buffer after io_destroy() has returned
 *   forgetsContexts     does not know a context that is alive
 *   refusesRequests     has no room though little is in use
 *   keepsRings          says that a context is destroyed and does nothing
 */
import { io_event, iocb } from '../../../../src/uapi/aio_abi.ts';
import { EAGAIN, EINVAL } from '../../../../src/uapi/errno.ts';
import { type Event, emptyEvent } from '../../../../src/user/event.ts';
import { EVENT_BYTES, FD_INLINE } from '../../../../workers/layout.ts';
import { type HostTask, playOn } from '../host_cpu.ts';
import { HostKernel } from '../host_kernel.ts';

/** One call in so many is answered wrongly. */
const RARE = 5;

class Broken extends HostKernel {
  private calls = 0;
  protected readonly event: Event = emptyEvent();

  protected now(): boolean {
    return ++this.calls % RARE === 0;
  }
  protected isInline(event: number): boolean {
    this.read_event(event, this.event);
    return this.peek(this.event.obj + iocb.offsetof.aio_fildes) === this.stage.files[FD_INLINE];
  }
}

/** Where events can be spoilt that io_getevents() has brought. */
abstract class Spoiler extends Broken {
  override io_getevents(ctx: number, min_nr: number, nr: number, events: number, timeout: number): number {
    const n = super.io_getevents(ctx, min_nr, nr, events, timeout);
    return n > 0 ? this.spoilEvents(events, n, nr) : n;
  }
  /** @returns how many events there are then */
  protected abstract spoilEvents(events: number, n: number, nr: number): number;
}

class LosesEvents extends Spoiler {
  protected override spoilEvents(events: number, n: number): number {
    return this.isInline(events + (n - 1) * EVENT_BYTES) && this.now() ? n - 1 : n;
  }
}
class LosesDeviceEvents extends Spoiler {
  protected override spoilEvents(events: number, n: number): number {
    return this.isInline(events + (n - 1) * EVENT_BYTES) || !this.now() ? n : n - 1;
  }
}
class RepeatsEvents extends Spoiler {
  protected override spoilEvents(events: number, n: number, nr: number): number {
    if (!this.now()) return n;
    const last = events + Math.min(n, nr - 1) * EVENT_BYTES;
    for (let at = 0; at < EVENT_BYTES; at += 4) this.poke(last + at, this.peek(events + at));
    return Math.min(n + 1, nr);
  }
}
class CorruptsResults extends Spoiler {
  protected override spoilEvents(events: number, n: number): number {
    if (this.now()) this.poke(events + io_event.offsetof.res, 8);
    return n;
  }
}
class CorruptsData extends Spoiler {
  protected override spoilEvents(events: number, n: number): number {
    this.read_event(events, this.event);
    const buffer = this.peek(this.event.obj + iocb.offsetof.aio_buf);
    if (this.event.res > 0 && this.now()) this.poke(buffer, ~this.peek(buffer));
    return n;
  }
}
class WritesLate extends Broken {
  noteFreed(buffer: number, bytes: number): void {
    if (this.now()) this.poke(buffer + bytes - 4, 0);
  }
}
class ForgetsContexts extends Broken {
  override io_submit(ctx: number, nr: number, iocbpp: number): number {
    return this.now() ? -EINVAL : super.io_submit(ctx, nr, iocbpp);
  }
}
class RefusesRequests extends Broken {
  override io_submit(): number {
    return -EAGAIN;
  }
}
class KeepsRings extends Broken {
  override io_destroy(ctx: number): number {
    return this.now() ? 0 : super.io_destroy(ctx);
  }
}

const thread = (kernel: typeof Broken) => (task: HostTask) => playOn(task, kernel);
export const losesEvents = thread(LosesEvents);
export const losesDeviceEvents = thread(LosesDeviceEvents);
export const repeatsEvents = thread(RepeatsEvents);
export const corruptsResults = thread(CorruptsResults);
export const corruptsData = thread(CorruptsData);
export const writesLate = thread(WritesLate);
export const forgetsContexts = thread(ForgetsContexts);
export const refusesRequests = thread(RefusesRequests);
export const keepsRings = thread(KeepsRings);
/** A thread that fails by itself, which no kernel is to blame for. */
export const fails = (): never => {
  throw new Error('a thread failed');
};
