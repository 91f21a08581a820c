#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PASS = 0, FAIL = 1, SKIP = 77 };

/* Of the whole program, s: a kernel that never answers is a finding, too. */
#define WATCHDOG_S 60

/* The ring as user space sees it: the handle of a context is its address. */
struct aio_ring {
	uint32_t id, nr, head, tail, magic, compat_features, incompat_features, header_length;
	struct io_event events[];
};

#define AIO_RING_MAGIC 0xa10a10a1u

static struct aio_ring *ring_of(aio_context_t ctx)
{
	return (struct aio_ring *)(uintptr_t)ctx;
}

/* The system calls, and the kernel's own convention: -errno. */
static long answer(long ret)
{
	return ret < 0 ? -errno : ret;
}

static long io_setup(unsigned int nr_events, aio_context_t *ctxp)
{
	return answer(syscall(SYS_io_setup, nr_events, ctxp));
}

static long io_destroy(aio_context_t ctx)
{
	return answer(syscall(SYS_io_destroy, ctx));
}

static long io_submit(aio_context_t ctx, long nr, void *iocbpp)
{
	return answer(syscall(SYS_io_submit, ctx, nr, iocbpp));
}

static long io_getevents(aio_context_t ctx, long min_nr, long nr, void *events, void *timeout)
{
	return answer(syscall(SYS_io_getevents, ctx, min_nr, nr, events, timeout));
}

static long io_cancel(aio_context_t ctx, void *iocb, void *result)
{
	return answer(syscall(SYS_io_cancel, ctx, iocb, result));
}

static void __attribute__((noreturn, format(printf, 1, 2))) skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("SKIP: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	_exit(SKIP);
}

/* What is needed before the first step and is not there says nothing of the kernel. */
static void __attribute__((noreturn)) skip_errno(const char *what)
{
	skip("%s: %s", what, strerror(errno));
}

static void *map_memory(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		skip_errno("mmap");
	return at;
}

/* CPUs that the kernel counts with, of which the number of slots depends. */
static int possible_cpus(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/possible", "r");
	int first = 0, last = 0, n = file ? fscanf(file, "%d-%d", &first, &last) : 0;

	if (file)
		fclose(file);
	return n == 2 ? last + 1 : 1;
}

/* The program's own files are in a folder of their own, which is gone at the end however it ends. */
static char folder[PATH_MAX];

static void make_folder(const char *where)
{
	snprintf(folder, sizeof(folder), "%s/kioctx-XXXXXX", where);
	if (!mkdtemp(folder))
		skip("no folder can be made in %s (%s); name another one as an argument", where, strerror(errno));
}

static void remove_folder(void)
{
	static const char *const names[] = { FILES };
	char path[PATH_MAX + NAME_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static int wait_for_child(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			skip_errno("waitpid");
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	printf("FAIL: ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return FAIL;
}

static pid_t program;

static void clean_up(void);

static void watchdog(int signal)
{
	static const char text[] = "FAIL: not done in 60 s; the last line says where it was\n";

	(void)signal;
	kill(program, SIGKILL);
	clean_up();
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(SKIP);
	_exit(FAIL);
}

/* Runs in a child, because a thread that the kernel never lets go cannot be ended. */
static int guarded(int (*run)(void))
{
	int code;

	setvbuf(stdout, NULL, _IOLBF, 0);
	program = fork();
	if (program < 0)
		skip_errno("fork");
	if (program == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* A pipe that nobody reads answers EPIPE. */
		signal(SIGPIPE, SIG_IGN);
		if (chdir(folder))
			skip_errno("chdir");
		_exit(run());
	}
	signal(SIGALRM, watchdog);
	alarm(WATCHDOG_S);
	code = wait_for_child(program);
	alarm(0);
	clean_up();
	return code;
}

static void skip_without_aio(void)
{
	aio_context_t ctx = 0;
	long ret = io_setup(1, &ctx);

	if (ret == -ENOSYS || ret == -EPERM)
		skip("this kernel has no AIO, or does not allow it: io_setup: %s", strerror((int)-ret));
	if (ret == 0)
		io_destroy(ctx);
}
