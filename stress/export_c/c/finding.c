/* A device read takes its time, and is done behind the caller's back; an inline one is in the page cache. */
#define DEVICE_BYTES (256 * 1024)
#define INLINE_BYTES 512
#define DISK_BYTES (2 * 1024 * 1024)
#define POISON 0xa5
/* How long a buffer that was given up is watched, and what is to come is waited for. */
#define WATCH_US 50000
#define SETTLE_S 5

struct context {
	aio_context_t handle;
	uint32_t ring_nr;
	int accepted, read;
	/* Calls of io_destroy() that have begun, and that said 0. */
	int destroying, destroyed;
	/* Whether user space has written over its ring: then nothing is known of its events. */
	bool scribbled;
	/* Whether one thread uses it: only then can be said how many of its slots are in use. */
	bool private;
	/* Whether its process is gone. */
	bool gone;
};

struct request {
	struct iocb iocb;
	int context;
	bool accepted, given_up;
	int delivered;
	unsigned char *buffer;
	size_t bytes;
	int pipe[2];
};

/* User space's books: what was asked for and what has come. Shared with child processes. */
static struct books {
	struct context contexts[CONTEXTS];
	int request_count;
	struct request requests[REQUESTS];
	/* Of each thread: steps that have begun, and that are done. */
	int begun[THREADS], done[THREADS];
} *books;

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("FAIL: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	_exit(FAIL);
}

static uint32_t disk_word(size_t n)
{
	return (uint32_t)n * 2654435761u + 17;
}

/* The same file, through the page cache and past it. */
static int inline_fd, device_fd;

static void make_disk(void)
{
	FILE *file = fopen("disk", "w");

	if (!file)
		skip_errno("disk");
	for (size_t n = 0; n < DISK_BYTES / sizeof(uint32_t); n++) {
		uint32_t word = disk_word(n);

		fwrite(&word, sizeof(word), 1, file);
	}
	if (fflush(file) || fsync(fileno(file)) || fclose(file))
		skip_errno("disk");
	inline_fd = open("disk", O_RDONLY);
	device_fd = open("disk", O_RDONLY | O_DIRECT);
	if (inline_fd < 0 || device_fd < 0)
		skip("no direct I/O in %s (%s); name a folder on a disk as an argument", folder, strerror(errno));
}

static void setup(int number, unsigned int nr_events)
{
	struct context *context = &books->contexts[number];
	long ret = io_setup(nr_events, &context->handle);

	if (ret == 0) {
		context->ring_nr = ring_of(context->handle)->nr;
		return;
	}
	if (ret == -EAGAIN && number > 0) {
		for (int i = 0; i < number; i++)
			if (books->contexts[i].handle && !books->contexts[i].destroyed)
				skip("io_setup(%u): other programs have the quota", nr_events);
		fail("io_setup(%u) says EAGAIN although every context has been destroyed", nr_events);
	}
	skip("io_setup(%u): %s", nr_events, strerror((int)-ret));
}

/* So many events that there is quota for one such context, and not for two. */
static unsigned int quota_for_one(void)
{
	long long limit = 0;
	FILE *file = fopen("/proc/sys/fs/aio-max-nr", "r");

	if (!file || fscanf(file, "%lld", &limit) != 1 || limit < 2 || limit > 1 << 20)
		skip("/proc/sys/fs/aio-max-nr cannot be read, or is too large for a context of half of it");
	fclose(file);
	return (unsigned int)(limit / 2 + 1);
}

static struct request *take(int context, char kind)
{
	int i = __atomic_fetch_add(&books->request_count, 1, __ATOMIC_RELAXED);
	struct request *request = &books->requests[i];
	size_t at;

	request->context = context;
	request->bytes = kind == 'd' ? DEVICE_BYTES : INLINE_BYTES;
	at = (size_t)i * request->bytes % (DISK_BYTES - request->bytes);
	request->iocb.aio_data = (uint64_t)i;
	if (kind == 'p') {
		if (pipe(request->pipe))
			skip_errno("pipe");
		request->iocb.aio_lio_opcode = 5; /* IOCB_CMD_POLL */
		request->iocb.aio_fildes = (uint32_t)request->pipe[0];
		request->iocb.aio_buf = POLLIN;
		return request;
	}
	request->iocb.aio_lio_opcode = IOCB_CMD_PREAD;
	request->iocb.aio_fildes = (uint32_t)(kind == 'd' ? device_fd : inline_fd);
	request->iocb.aio_buf = (uintptr_t)request->buffer;
	request->iocb.aio_nbytes = request->bytes;
	request->iocb.aio_offset = (int64_t)(at & ~(size_t)4095);
	return request;
}

static void check_slots(const struct context *context)
{
	if (context->private && !context->scribbled && context->accepted - context->read > (int)context->ring_nr - 1)
		fail("%d requests were accepted and %d events read, of a ring of %u", context->accepted,
		     context->read, context->ring_nr);
}

/* Submits so many reads: 'i' inline, 'd' from the device, 'p' what waits until it is cancelled. */
static void submit(int number, int count, const char *kinds)
{
	struct context *context = &books->contexts[number];
	struct iocb *list[count];
	struct request *requests[count];
	long ret;

	for (int i = 0; i < count; i++) {
		requests[i] = take(number, kinds[i % (int)strlen(kinds)]);
		requests[i]->accepted = true;
		list[i] = &requests[i]->iocb;
	}
	ret = io_submit(context->handle, count, list);
	for (int i = ret < 0 ? 0 : (int)ret; i < count; i++)
		requests[i]->accepted = false;
	if (ret > 0)
		__atomic_fetch_add(&context->accepted, (int)ret, __ATOMIC_RELAXED);
	if (ret == -EINVAL && strchr(kinds, 'p'))
		skip("this kernel has no IOCB_CMD_POLL, which stands for a request that can be cancelled");
	if (ret < 0 && ret != -EAGAIN && !(ret == -EINVAL && context->destroying))
		fail("io_submit: %s, for a context that is alive", strerror((int)-ret));
	check_slots(context);
}

static void check_data(const struct request *request, int64_t res)
{
	size_t first = (size_t)request->iocb.aio_offset / sizeof(uint32_t);
	const uint32_t *words = (const uint32_t *)(const void *)request->buffer;

	if (request->iocb.aio_lio_opcode != IOCB_CMD_PREAD)
		return;
	if (res != (int64_t)request->bytes)
		fail("a read of %zu bytes says %lld", request->bytes, (long long)res);
	for (size_t i = 0; i < request->bytes / sizeof(*words); i++)
		if (words[i] != disk_word(first + i))
			fail("an event says that data was read which is not in the buffer");
}

/* Each accepted iocb gives exactly one event, intact, to exactly one consumer. */
static void deliver(int number, const struct io_event *event)
{
	struct context *context = &books->contexts[number];
	struct request *request;

	if (event->data >= (uint64_t)books->request_count)
		fail("an event belongs to no request: data %llu", (unsigned long long)event->data);
	request = &books->requests[event->data];
	if (!request->accepted || request->context != number)
		fail("an event belongs to no request of its context: data %llu", (unsigned long long)event->data);
	if (__atomic_exchange_n(&request->delivered, 1, __ATOMIC_RELAXED))
		fail("the event of request %llu was delivered twice", (unsigned long long)event->data);
	if (event->obj != (uintptr_t)&request->iocb || event->res2 != 0)
		fail("the event of request %llu does not say what happened to it", (unsigned long long)event->data);
	check_data(request, event->res);
	__atomic_fetch_add(&context->read, 1, __ATOMIC_RELAXED);
}

/* Reads events; waits no longer than a device may take. */
static long getevents(int number, long min_nr, long nr)
{
	struct context *context = &books->contexts[number];
	struct timespec timeout = { 1, 0 };
	struct io_event events[nr > 0 ? nr : 1];
	long ret = io_getevents(context->handle, min_nr, nr, events, &timeout);

	if (ret < 0 && !(ret == -EINVAL && context->destroying))
		fail("io_getevents: %s, for a context that is alive", strerror((int)-ret));
	for (long i = 0; i < ret && !context->scribbled; i++)
		deliver(number, &events[i]);
	return ret;
}

/* Reads events without a system call. */
static void reap(int number, int most)
{
	struct aio_ring *ring = ring_of(books->contexts[number].handle);

	for (; most > 0 && ring->head != __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE); most--) {
		uint32_t head = ring->head;
		struct io_event event = ring->events[head % ring->nr];

		__atomic_store_n(&ring->head, (head + 1) % ring->nr, __ATOMIC_RELEASE);
		if (!books->contexts[number].scribbled)
			deliver(number, &event);
	}
}

/* Writes a word of the ring's header. */
static void scribble(int number, int word, uint32_t value)
{
	books->contexts[number].scribbled = true;
	((volatile uint32_t *)ring_of(books->contexts[number].handle))[word] = value;
}

/* Nobody may write the buffers any more: they are watched until the end of the round. */
static void give_up_buffers(int number)
{
	for (int i = 0; i < books->request_count; i++) {
		struct request *request = &books->requests[i];

		if (request->context != number || !request->accepted || request->delivered)
			continue;
		memset(request->buffer, POISON, request->bytes);
		request->given_up = true;
	}
}

static void destroy(int number)
{
	struct context *context = &books->contexts[number];
	int before = __atomic_fetch_add(&context->destroying, 1, __ATOMIC_SEQ_CST);
	long ret = io_destroy(context->handle);

	if (ret == -EINVAL && before > 0)
		return;
	if (ret != 0)
		fail("io_destroy: %s, for a context that is alive", strerror((int)-ret));
	if (__atomic_fetch_add(&context->destroyed, 1, __ATOMIC_SEQ_CST) > 0)
		fail("io_destroy said 0 twice for one context");
	give_up_buffers(number);
}

/* Cancels the oldest request that waits. */
static void cancel(int number)
{
	struct io_event unused;

	for (int i = 0; i < books->request_count; i++) {
		struct request *request = &books->requests[i];
		long ret;

		if (request->context != number || !request->accepted || request->delivered)
			continue;
		ret = io_cancel(books->contexts[number].handle, &request->iocb, &unused);
		if (ret != 0 && ret != -EINPROGRESS && ret != -EINVAL && ret != -EAGAIN)
			fail("io_cancel: %s", strerror((int)-ret));
		return;
	}
}

#define COMPACT_MEMORY "/proc/sys/vm/compact_memory"

/* Whether pages can be asked to move. */
static void need_compaction(void)
{
	if (access(COMPACT_MEMORY, W_OK))
		skip(COMPACT_MEMORY ": %s: this is about pages that move", strerror(errno));
}

/* Asks the kernel to move pages, those of rings among them. */
static void compact_memory(void)
{
	int fd = open(COMPACT_MEMORY, O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) < 0)
		skip_errno(COMPACT_MEMORY);
	close(fd);
}

/* Runs some steps in a process of its own, which then ends. */
static void in_process(void (*steps)(void))
{
	pid_t child = fork();
	int code;

	if (child < 0)
		skip_errno("fork");
	if (child == 0) {
		steps();
		_exit(PASS);
	}
	code = wait_for_child(child);
	if (code != PASS)
		_exit(code);
}

/* The process of a context is gone; so are its requests. */
static void process_is_gone(int number)
{
	books->contexts[number].gone = true;
	give_up_buffers(number);
}

/* The order of the steps of different threads. */
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;

static void advance(int *counter)
{
	pthread_mutex_lock(&order);
	++*counter;
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&order);
}

static void await(const int *counter, int value)
{
	pthread_mutex_lock(&order);
	while (*counter < value)
		pthread_cond_wait(&moved, &order);
	pthread_mutex_unlock(&order);
}

#define await_begun(thread, steps) await(&books->begun[thread], steps)
#define await_done(thread, steps) await(&books->done[thread], steps)

#define do_step(thread, what)                   \
	do {                                    \
		advance(&books->begun[thread]);   \
		what;                           \
		advance(&books->done[thread]);    \
	} while (0)

static void start(pthread_t *thread, void *(*steps)(void *))
{
	int error = pthread_create(thread, NULL, steps, NULL);

	if (error)
		skip("pthread_create: %s", strerror(error));
}

/* The kernel's own complaints: a WARNING or a BUG leaves its mark. */
static bool has_complained(void)
{
	unsigned long long mask = 0;
	FILE *file = fopen("/proc/sys/kernel/tainted", "r");

	if (file && fscanf(file, "%llu", &mask) != 1)
		mask = 0;
	if (file)
		fclose(file);
	return mask & (1 << 7 | 1 << 9);
}

static void drain(int number)
{
	struct context *context = &books->contexts[number];
	time_t until = time(NULL) + SETTLE_S;

	while (context->read < context->accepted) {
		for (int i = 0; i < books->request_count; i++) {
			struct request *request = &books->requests[i];

			if (request->context == number && request->pipe[1] && !request->delivered &&
			    write(request->pipe[1], "x", 1) < 0)
				skip_errno("pipe");
		}
		if (getevents(number, 1, 64) == 0 && time(NULL) > until)
			fail("%d requests were accepted, and only %d events have come", context->accepted, context->read);
	}
}

/* Reads what is still to come, ends what is there, and looks at what nobody may have written. */
static void settle(void)
{
	for (int i = 0; i < CONTEXTS; i++) {
		struct context *context = &books->contexts[i];

		if (!context->handle || context->destroyed || context->gone)
			continue;
		if (!context->scribbled)
			drain(i);
		destroy(i);
	}
	usleep(WATCH_US);
	for (int i = 0; i < books->request_count; i++) {
		struct request *request = &books->requests[i];

		for (size_t at = 0; request->given_up && at < request->bytes; at++)
			if (request->buffer[at] != POISON)
				fail("a buffer was written after its context was gone");
		if (request->pipe[1]) {
			close(request->pipe[0]);
			close(request->pipe[1]);
		}
	}
}

/* Empty books; the buffers are used again. */
static void new_round(void)
{
	memset(books->contexts, 0, sizeof(books->contexts));
	memset(books->begun, 0, sizeof(books->begun));
	memset(books->done, 0, sizeof(books->done));
	for (int i = 0; i < books->request_count; i++)
		books->requests[i] = (struct request){ .buffer = books->requests[i].buffer };
	books->request_count = 0;
}

static int rounds = 20;

static int repeat(void (*play)(void))
{
	bool complained = has_complained();

	books = map_memory(sizeof(*books));
	for (int i = 0; i < REQUESTS; i++)
		books->requests[i].buffer = map_memory(DEVICE_BYTES);
	make_disk();
	for (int round = 0; round < rounds; round++) {
		new_round();
		play();
		settle();
		if (!complained && has_complained())
			fail("the kernel has complained: see dmesg");
	}
	printf("PASS\n");
	return PASS;
}
