// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real kernel's AIO, by its own system calls: one thread submits a batch of small reads of /dev/zero, which complete
 * inside io_submit(), and reaps them.
 *
 * kaio <batch> <ms>, prints one line of JSON: ns for each event, or why there is none to measure.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MAX 64
#define READ_BYTES 512
#define NR_EVENTS BATCH_MAX

static struct iocb iocbs[BATCH_MAX];
static struct iocb *pointers[BATCH_MAX];
static struct io_event events[BATCH_MAX];
static char buffers[BATCH_MAX][READ_BYTES];

static double clock_ns(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static double cpu_ms(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static int skip(const char *what)
{
    printf("{\"skip\":\"%s: %s\"}\n", what, strerror(errno));
    return 0;
}

int main(int argc, char **argv)
{
    int batch = argc > 1 ? atoi(argv[1]) : 1;
    double ms = argc > 2 ? atof(argv[2]) : 100;
    aio_context_t ctx = 0;
    uint64_t submitted = 0, reaped = 0;
    double start, now, cpu;
    int fd, i, ok = 1;

    if (batch < 1 || batch > BATCH_MAX)
        return 1;
    fd = open("/dev/zero", O_RDONLY);
    if (fd < 0)
        return skip("/dev/zero");
    if (syscall(SYS_io_setup, NR_EVENTS, &ctx) != 0)
        return skip("io_setup()");
    for (i = 0; i < batch; i++) {
        iocbs[i].aio_data = i;
        iocbs[i].aio_lio_opcode = IOCB_CMD_PREAD;
        iocbs[i].aio_fildes = fd;
        iocbs[i].aio_buf = (uintptr_t)buffers[i];
        iocbs[i].aio_nbytes = READ_BYTES;
        pointers[i] = &iocbs[i];
    }
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    start = clock_ns(CLOCK_MONOTONIC);
    do {
        long sent = syscall(SYS_io_submit, ctx, (long)batch, pointers);
        long got;

        if (sent < 0)
            return skip("io_submit()");
        got = syscall(SYS_io_getevents, ctx, sent, sent, events, NULL);
        if (got < 0)
            return skip("io_getevents()");
        submitted += sent;
        reaped += got;
        for (i = 0; i < got; i++)
            ok &= events[i].res == READ_BYTES;
        now = clock_ns(CLOCK_MONOTONIC);
    } while (now - start < ms * 1e6);
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    syscall(SYS_io_destroy, ctx);
    printf("{\"ns\":%.2f,\"cpuNs\":%.2f,\"cpuMs\":%.3f,\"ok\":%s}\n", (now - start) / reaped, cpu / reaped, cpu_ms(),
           ok && submitted == reaped ? "true" : "false");
    return 0;
}
