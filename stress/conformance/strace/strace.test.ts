// SPDX-License-Identifier: GPL-2.0-only
/** Logs as strace writes them become traces that the port answers as the program's kernel did. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compareOps, expectedOfPort } from '../judge/compare.ts';
import { runOnPort } from '../port/port.ts';
import type { Trace, TraceOp } from '../trace/trace.ts';
import { convertStrace } from './convert.ts';

const folder = mkdtempSync(join(tmpdir(), 'strace-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function converted(log: string) {
  const path = join(folder, 'a.log');
  writeFileSync(path, log);
  const { text, report } = convertStrace(path);
  const trace = JSON.parse(text.split('\n')[1] as string) as Trace;
  return { trace, report };
}
/** What the port answers otherwise than the log says. */
function wrong(trace: Trace) {
  const outcome = runOnPort(trace, 2);
  return compareOps(trace, outcome, expectedOfPort(trace, 2, outcome.answers).answers);
}
const calls = ({ ops }: Trace): string[] => ops.filter(({ op }) => op.startsWith('io_')).map(({ op }) => op);

/** fio --ioengine=libaio --rw=randrw --iodepth=2: strace 6.1 -f -o. */
const FIO = String.raw`
4711  openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3
4711  close(3)                          = 0
4711  openat(AT_FDCWD, "/data/fio.0.0", O_RDWR|O_CREAT|O_DIRECT, 0600) = 6
4713  io_setup(2, [0x7f96b3090000])     = 0
4713  io_submit(0x7f96b3090000, 2, [{aio_data=0, aio_lio_opcode=IOCB_CMD_PREAD, aio_fildes=6, aio_buf=0x55b89dac0000, aio_nbytes=4096, aio_offset=0}, {aio_data=0, aio_lio_opcode=IOCB_CMD_PWRITE, aio_fildes=6, aio_buf="\0\1\"]\2"..., aio_nbytes=4096, aio_offset=45056}]) = 2
4713  io_getevents(0x7f96b3090000, 1, 2,  <unfinished ...>
4711  restart_syscall(<... resuming interrupted nanosleep ...>) = 0
4713  <... io_getevents resumed>[{data=0, obj=0x55b89dad1000, res=4096, res2=0}], NULL) = 1
4713  io_submit(0x7f96b3090000, 1, [{aio_data=0, aio_lio_opcode=IOCB_CMD_PREAD, aio_fildes=6, aio_buf=0x55b89dac0000, aio_nbytes=4096, aio_offset=0}]) = 1
4713  io_getevents(0x7f96b3090000, 1, 2, [{data=0, obj=0x55b89dad1000, res=4096, res2=0}, {data=0, obj=0x55b89dad2000, res=4096, res2=0}], NULL) = 2
4713  io_destroy(0x7f96b3090000)        = 0
4713  close(6)                          = 0
4713  +++ exited with 0 +++
`;

/** qemu-img bench -n -t none: two threads, an eventfd, times. */
const QEMU = String.raw`
strace: Process 812 attached
[pid   811] 10:20:30.100001 eventfd2(0, EFD_CLOEXEC|EFD_NONBLOCK) = 5 <0.000011>
[pid   811] 10:20:30.100101 openat(AT_FDCWD, "/data/disk.raw", O_RDWR|O_DIRECT|O_CLOEXEC) = 9 <0.000031>
[pid   811] 10:20:30.100201 io_setup(128, [0x7f0000000000]) = 0 <0.000020>
[pid   811] 10:20:30.100301 io_submit(0x7f0000000000, 1, [{aio_data=0x7f11a8001000, aio_lio_opcode=IOCB_CMD_PWRITEV, aio_fildes=9</data/disk.raw>, aio_buf=[{iov_base="\0\0"..., iov_len=4096}, {iov_base="\0", iov_len=512}], aio_offset=65536, aio_flags=IOCB_FLAG_RESFD, aio_resfd=5}]) = 1 <0.000050>
[pid   812] 10:20:30.100401 read(5, "\1\0\0\0\0\0\0\0", 512) = 8 <0.000008>
[pid   812] 10:20:30.100451 --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=811, si_uid=0} ---
[pid   812] 10:20:30.100501 io_getevents(0x7f0000000000, 1, 128, [{data=0x7f11a8001000, obj=0x7f11a8001010, res=4608, res2=0}], {tv_sec=0, tv_nsec=0}) = 1 <0.000009>
[pid   812] 10:20:30.100601 io_submit(0x7f0000000000, 1, [{aio_data=0x7f11a8001000, aio_lio_opcode=IOCB_CMD_PREADV, aio_fildes=9, aio_buf=[{iov_base=0x7f11a8010000, iov_len=1048576}], aio_offset=1073741824}]) = 1
[pid   812] 10:20:30.100701 io_cancel(0x7f0000000000, {aio_data=0x7f11a8001000, aio_lio_opcode=IOCB_CMD_PREADV, aio_fildes=9}, 0x7ffc00) = -1 EINVAL (Invalid argument)
[pid   812] 10:20:30.100801 io_getevents(0x7f0000000000, 0, 128, [], {tv_sec=0, tv_nsec=0}) = 0
[pid   811] 10:20:30.100901 io_destroy(0x7f0000000000) = 0 <0.012345>
`;

describe('a log of', () => {
  test('fio', () => {
    const { trace, report } = converted(FIO);
    expect(report).toEqual(['1 other calls are left out']);
    expect(calls(trace)).toEqual([
      'io_setup',
      ...['io_submit', 'io_getevents', 'io_submit', 'io_getevents'],
      'io_destroy',
    ]);
    expect(trace.ops).toContainEqual({ op: 'truncate', file: 'f1', size: 4096 });
    expect(trace.ops).toContainEqual(
      expect.objectContaining({ op: 'io_getevents', min_nr: 1, nr: 1, timeout: [1, 0], expect: { ret: 1 } }),
    );
    // The same iocb again.
    expect(trace.ops.filter(({ op }) => op === 'iocb')).toHaveLength(2);
    expect(wrong(trace)).toEqual([]);
  });

  test('qemu-img', () => {
    const { trace, report } = converted(QEMU);
    expect(report).toEqual([]);
    expect(calls(trace)).toHaveLength(7);
    const [write] = trace.ops.filter(({ op }) => op === 'iocb');
    expect(write).toMatchObject({
      cmd: 'pwritev',
      nbytes: 2,
      offset: 65536,
      flags: 1,
      resfd: 'd5',
      data: 0x7f11a8001000,
    });
    expect(trace.ops).toContainEqual({ op: 'eventfd_read', fd: 'd5' });
    expect(wrong(trace)).toEqual([]);
    const spoilt = trace.ops.map((op): TraceOp => (op.op === 'io_submit' ? { ...op, expect: { ret: 7 } } : op));
    expect(wrong({ ...trace, ops: spoilt })).toHaveLength(2);
  });

  test('an older strace', () => {
    const { trace } = converted(`
io_setup(8, [140737353904128]) = 0
io_submit(140737353904128, 1, [{data=0x7, pwrite, fildes=4, buf="abc"..., nbytes=512, offset=0}]) = 1
io_getevents(140737353904128, 1, 1, [{data=0x7, obj=0x6030, res=512, res2=0}], NULL) = 1
`);
    expect(trace.ops.find(({ op }) => op === 'iocb')).toMatchObject({ cmd: 'pwrite', data: 7, nbytes: 512 });
    expect(wrong(trace)).toEqual([]);
  });
});

test('what cannot be converted is said by line', () => {
  const { trace, report } = converted(`io_setup(8, [0x7f0000000000]) = 0
io_submit(0x7f0000000000, 2, [{aio_data=0, aio_lio_opcode=IOCB_CMD_PREAD, aio_fildes=7, aio_buf=0x1000, aio_nbytes=8, aio_offset=0}, ...]) = 2
io_submit(0x7f0000000000, 1, [{aio_data=0, aio_lio_opcode=IOCB_CMD_PREAD, aio_fildes=7, aio_buf=0x1000, aio_nbytes=8, aio_offset=0}]) = 1
io_pgetevents(0x7f0000000000, 1, 1, [], NULL, NULL) = 0
pipe2([3, 4], O_NONBLOCK) = 0
io_submit(0x7f0000000000, 1, [{aio_data=0, aio_lio_opcode=IOCB_CMD_POLL, aio_fildes=3, aio_buf=POLLIN|POLLFOO}]) = 1
io_submit(0x7f0000000000, 1, [{aio_data=0, aio_lio_opcode=IOCB_CMD_POLL, aio_fildes=3, aio_buf=POLLIN}]) = 1
write(4, "x", 1) = 1
io_getevents(0x7f0000000000, 1, 1, 0x7ffc00, NULL) = ?
io_submit(0x7f0000000000, 1, [{aio_data=0, aio_lio_opcode=IOCB_CMD_PREAD, aio_fildes=99, aio_buf=0x1000, aio_nbytes=8, aio_offset=0}]) = -1 EBADF (Bad file descriptor)
what is this`);
  expect(report).toEqual([
    'line 11: this is no call as strace writes it',
    'line 2: io_submit() is left out, its list is cut short, and strace -v writes it whole',
    'line 3: descriptor 7 was opened before the log begins; it is taken for a file',
    'line 4: io_pgetevents() is left out, traces have no such step',
    "line 6: io_submit() is left out, 'POLLIN|POLLFOO' is no number that is known here",
    'line 8: write() is left out, a trace writes pipes and eventfds by requests only',
    'line 9: io_getevents() is left out, it did not return',
  ]);
  expect(wrong(trace)).toEqual([]);
});

test('what is no log is refused in a sentence', () => {
  expect(() => converted('hello')).toThrow(/a\.log' has no call of fs\/aio; type strace -f -o .* and the program$/);
  expect(() => convertStrace(join(folder, 'none.log'))).toThrow(
    "none.log' cannot be read, there is no such file or folder; it takes a log of strace -f",
  );
});
