// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that is wrong in one way, for a program that is to notice: linked with --wrap=syscall. BREAK says how.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e);

static char *late;

/* The device writes when nobody expects it any more. */
static void *write_late(void *unused)
{
	(void)unused;
	usleep(20000);
	late[0] = 0;
	return NULL;
}

long __wrap_syscall(long number, long a, long b, long c, long d, long e)
{
	static struct io_event first;
	static int calls;
	pthread_t thread;
	long ret;

	if (!strcmp(BREAK, "quota") && number == SYS_io_setup && calls++ == 2) {
		errno = EAGAIN;
		return -1;
	}
	ret = __real_syscall(number, a, b, c, d, e);
	if (!strcmp(BREAK, "slots") && number == SYS_io_submit)
		return b;
	if (!strcmp(BREAK, "twice") && number == SYS_io_getevents && ret > 0) {
		if (calls++ == 0)
			first = *(struct io_event *)d;
		*(struct io_event *)d = first;
	}
	if (!strcmp(BREAK, "late") && number == SYS_io_submit)
		late = (char *)(*(struct iocb **)c)->aio_buf;
	if (!strcmp(BREAK, "late") && number == SYS_io_destroy && late)
		pthread_create(&thread, NULL, write_late, NULL);
	return ret;
}
