// SPDX-License-Identifier: GPL-2.0-only
/**
 * Runs traces on the host's kernel, in a child process that is watched.
 *
 * A system call that does not return cannot be ended from inside the process; a process that touches an unmapped ring
 * dies. So the traces run in a child. If it is at the same op for too long it is killed, and if it died by itself the
 * next trace gets a new one. A trace that changes what the whole host shares has a child of its own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HostLimit } from '../../../src/arch/sab/host_limit.ts';
import { ROOT } from '../../host/root.ts';
import type { Standstill } from '../../round/watchdog.ts';
import type { Answer } from '../trace/kinds.ts';
import { opInWords } from '../trace/op_words.ts';
import { type Step, stepsOf } from '../trace/steps.ts';
import { type BasicOp, type Outcome, type Trace, TraceError, type TraceOp } from '../trace/trace.ts';
import { allowedCpus } from './native.ts';
import { JOURNAL, type ToChild, type ToParent } from './protocol.ts';
import { ChildWatch } from './watch.ts';

const CHILD = fileURLToPath(new URL('dist/stress/conformance/kernel/child.js', ROOT));
const WATCHDOG_MS = 10_000;
/** Between two looks at the child. */
const LOOK_MS = 100;
/** So much of what it wrote to stderr is told. */
const ERROR_CHARS = 4000;

export interface KernelOptions {
  /** how long one op may take */
  readonly watchdogMs?: number;
  /** CPUs that it may use; it begins on the first */
  readonly cpus?: readonly number[];
  /** the child's program; tests have others */
  readonly program?: string;
}

export interface KernelFacts {
  /** as uname -r says it */
  readonly release: string;
  readonly possibleCpus: number;
}

interface Child {
  readonly process: ChildProcess;
  readonly folder: string;
  readonly facts: KernelFacts;
}

/** All ops, also those that are repeated. */
const opsOf = (ops: readonly TraceOp[]): BasicOp[] => ops.flatMap((op) => (op.op === 'repeat' ? opsOf(op.body) : [op]));

/** What the child says next, or how it ended. */
type Said =
  | Exclude<ToParent, { kind: 'begun' }>
  | { readonly kind: 'died'; readonly how: string; readonly signal: boolean };

/** @param begun - called when it says so, which is not the answer */
function nextMessage(child: ChildProcess, begun: () => void = () => {}): Promise<Said> {
  return new Promise((resolve) => {
    const done = (said: Said): void => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      resolve(said);
    };
    const onMessage = (message: unknown): void => {
      const said = message as ToParent;
      if (said.kind === 'begun') begun();
      else done(said);
    };
    const onExit = (code: number | null, signal: string | null): void =>
      done({
        kind: 'died',
        how: signal === null ? `ended with exit code ${code}` : `died of ${signal}`,
        signal: signal !== null,
      });
    const onError = (error: Error): void => done({ kind: 'died', how: `failed: ${error.message}`, signal: false });
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
  });
}

const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

/** What the child had been answered when it ended. */
function journal(folder: string): Answer[] {
  const lines = readFileSync(join(folder, JOURNAL), 'utf8').split('\n');
  // What stands behind the last line break is nothing, or half a line.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Answer);
}

/** The host's kernel, as long as close() has not been called. Traces run one at a time. */
export class Kernel {
  private readonly options: Required<KernelOptions>;
  private child: Child | null = null;
  /** Why it cannot be used, once that is known. */
  private refusal: string | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor({ watchdogMs = WATCHDOG_MS, cpus = allowedCpus(), program = CHILD }: KernelOptions = {}) {
    this.options = { watchdogMs, cpus, program };
  }

  /** @returns what kernel it is, or why it cannot be used */
  facts(): Promise<KernelFacts | string> {
    return this.inTurn(async () => {
      const child = await this.start();
      return typeof child === 'string' ? child : child.facts;
    });
  }

  /**
   * Runs a trace when those before it have run.
   * @throws TraceError if it cannot be run anywhere
   */
  run(trace: Trace): Promise<Outcome> {
    return this.inTurn(() => this.runNow(trace));
  }

  close(): Promise<void> {
    return this.inTurn(() => this.stop());
  }

  private inTurn<T>(f: () => Promise<T>): Promise<T> {
    const result = this.last.then(f);
    this.last = result.catch(() => {});
    return result;
  }

  private async start(): Promise<Child | string> {
    if (this.refusal !== null) return this.refusal;
    // It may have died since it answered.
    if (this.child !== null && !isAlive(this.child.process)) await this.stop();
    if (this.child !== null) return this.child;
    const folder = mkdtempSync(join(tmpdir(), 'kioctx-'));
    // Destroying contexts takes a thread each.
    const env = { ...process.env, UV_THREADPOOL_SIZE: '32' };
    const child = fork(this.options.program, [folder, this.options.cpus.join(',')], {
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let errors = '';
    child.stderr?.on('data', (text: Buffer) => {
      errors = (errors + text.toString()).slice(-ERROR_CHARS);
    });
    const said = await nextMessage(child);
    if (said.kind === 'ready') {
      this.child = { process: child, folder, facts: said };
      return this.child;
    }
    rmSync(folder, { recursive: true, force: true });
    if (said.kind === 'none') {
      this.refusal = said.reason;
      return said.reason;
    }
    throw new Error(`the process that calls the kernel ${said.kind === 'died' ? said.how : said.kind}\n${errors}`);
  }

  private async stop(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null) return;
    if (isAlive(child.process)) {
      const gone = new Promise((resolve) => child.process.once('exit', resolve));
      child.process.kill('SIGKILL');
      await gone;
    }
    rmSync(child.folder, { recursive: true, force: true });
  }

  private async runNow(trace: Trace): Promise<Outcome> {
    const ops = opsOf(trace.ops);
    const reason = this.whyNot(ops);
    if (reason !== null) return { answers: [], complaints: [], skipped: reason };
    // They change what the process, or the host, shares with others.
    const own = ops.some(({ op }) => op === 'aio_max_nr' || op === 'fault');
    if (own) await this.stop();
    const child = await this.start();
    if (typeof child === 'string') return { answers: [], complaints: [], skipped: child };
    const outcome = await this.runIn(child, trace, own || ops.some(({ op }) => op === 'aio_nr'));
    if (own) await this.stop();
    // Another child takes a turn, and sets back what one that was killed has left.
    if (own && outcome.complaints.length > 0) await this.start();
    return outcome;
  }

  /** Why this kernel cannot be asked that; null if it can. */
  private whyNot(ops: readonly BasicOp[]): string | null {
    const has = (op: string): boolean => ops.some((other) => other.op === op);
    if (has('aio_max_nr') && process.getuid?.() !== 0) return 'only root may set aio-max-nr';
    if (ops.some((op) => op.op === 'fault' && op.pages !== undefined)) {
      return 'the memory of the host cannot be made short';
    }
    const cpus = 1 + Math.max(0, ...ops.map((op) => (op.op === 'cpu' ? op.cpu : 0)));
    const { length } = this.options.cpus;
    return cpus > length ? `it runs on ${cpus} CPUs, here are ${length}` : null;
  }

  private async runIn(child: Child, trace: Trace, alone: boolean): Promise<Outcome> {
    writeFileSync(join(child.folder, JOURNAL), '');
    let ended: Standstill | null = null;
    let watchdog: NodeJS.Timeout | undefined;
    const answer = nextMessage(child.process, () => {
      watchdog = this.watch(child, trace, (how) => {
        ended = how;
      });
    });
    child.process.send({ trace, alone } satisfies ToChild);
    const said = await answer;
    clearInterval(watchdog);
    if (said.kind === 'ran') {
      if (!said.clean) await this.stop();
      if (said.error !== null) throw new TraceError(said.error);
      return { answers: said.answers, complaints: [], skipped: null };
    }
    const answers = journal(child.folder);
    await this.stop();
    const where = at(trace, answers.length);
    if (said.kind === 'failed') {
      throw said.host
        ? new HostLimit(`${trace.id}: ${where}: ${said.text}`)
        : new Error(`${trace.id}: ${where}\n${said.text}`);
    }
    return { answers, ...this.endOf(ended, said, where), skipped: null };
  }

  /** How a trace ended that did not come to its end. */
  private endOf(ended: Standstill | null, said: Said, where: string): Pick<Outcome, 'complaints' | 'unproven'> {
    const seconds = this.options.watchdogMs / 1000;
    if (ended?.hang === false) {
      const more = `--watchdog ${Math.ceil(2 * seconds)} waits longer`;
      return { complaints: [], unproven: `at ${where}: ${ended.reason}; nothing is proven, ${more}` };
    }
    if (ended !== null) {
      return { complaints: [`hang: the kernel did not answer within ${seconds} s (--watchdog), at ${where}`] };
    }
    if (said.kind === 'died' && said.signal) return { complaints: [`died: its process ${said.how}, at ${where}`] };
    throw new Error(
      `the process that calls the kernel ${said.kind === 'died' ? said.how : `said ${said.kind}`}, at ${where}`,
    );
  }

  /** Kills the child when its journal has not grown for too long. */
  private watch(child: Child, trace: Trace, whenEnded: (how: Standstill) => void): NodeJS.Timeout {
    const watch = new ChildWatch(child.process.pid ?? 0, this.options.watchdogMs);
    let [size, waitsMs] = [Number.NaN, 0];
    return setInterval(() => {
      const now = statSync(join(child.folder, JOURNAL)).size;
      if (now !== size) waitsMs = waitOf(stepAt(trace, journal(child.folder).length)?.op);
      size = now;
      const how = watch.look(size, waitsMs);
      if (how === null) return;
      whenEnded(how);
      child.process.kill('SIGKILL');
    }, LOOK_MS);
  }
}

function stepAt(trace: Trace, index: number): Step | undefined {
  let n = 0;
  for (const step of stepsOf(trace.ops)) if (n++ === index) return step;
  return undefined;
}

/** How long a step is to wait at most where nothing happens, ms. */
function waitOf(op: BasicOp | undefined): number {
  const [sec, nsec] = op?.op === 'io_getevents' && Array.isArray(op.timeout) ? (op.timeout as readonly number[]) : [];
  return Math.max(0, (sec ?? 0) * 1000 + (nsec ?? 0) / 1e6);
}

/** The step of that number, in words. */
function at(trace: Trace, index: number): string {
  const step = stepAt(trace, index);
  return step === undefined
    ? 'the end, where what the trace left is destroyed'
    : `op ${step.at}, ${opInWords(step.op)}`;
}
