/* What a trace gives names to. */
enum kind { CONTEXT, IOCB, BUFFER, DESCRIPTOR };

struct named {
	enum kind kind;
	char name[32];
	void *at;
	/* Of a buffer its size, of a context whether it is alive, of an iocb the context that has taken it. */
	long value;
	/* Of the writing end of a pipe, the other. */
	int reader;
};

static struct named things[4096];
static int thing_count;

static struct named *look_up(enum kind kind, const char *name)
{
	for (int i = 0; i < thing_count; i++)
		if (things[i].kind == kind && !strcmp(things[i].name, name))
			return &things[i];
	return NULL;
}

/* The thing of that name, made if there is none. */
static struct named *thing(enum kind kind, const char *name)
{
	struct named *found = look_up(kind, name);

	if (found)
		return found;
	if (thing_count == (int)(sizeof(things) / sizeof(*things)))
		skip("this trace has too many names");
	found = &things[thing_count++];
	found->kind = kind;
	snprintf(found->name, sizeof(found->name), "%s", name);
	return found;
}

/* Zeroed memory that nothing else is in. */
static void *allocate(size_t bytes)
{
	static char *next;
	static size_t left;
	void *at;

	bytes = (bytes + 63) & ~(size_t)63;
	if (bytes > left) {
		left = bytes > 1 << 20 ? bytes : 1 << 20;
		next = map_memory(left);
	}
	at = next;
	next += bytes;
	left -= bytes;
	return at;
}

/* An address that only the kernel can have. */
#define BAD ((void *)(uintptr_t)0xffff800000001000)
#define MINUS1 ((void *)(uintptr_t)-1)

static void *read_only(void)
{
	static void *page;

	if (!page) {
		page = map_memory(4096);
		mprotect(page, 4096, PROT_READ);
	}
	return page;
}

/* Memory of which only the first bytes are mapped. */
static void *guarded_memory(size_t bytes)
{
	char *at = map_memory(2 * 4096);

	munmap(at + 4096, 4096);
	return at + 4096 - bytes;
}

/* Where something lies: with only its first bytes mapped, if it is none of these. */
enum place { ANYWHERE = -1, UNALIGNED = -2, READONLY = -3 };

/* A copy of it in that place. */
static void *placed(const void *what, size_t bytes, long place)
{
	char *at;

	if (place >= 0) {
		at = guarded_memory((size_t)place);
		return memcpy(at, what, (size_t)place < bytes ? (size_t)place : bytes);
	}
	if (place == READONLY) {
		at = memcpy(map_memory(bytes), what, bytes);
		mprotect(at, bytes, PROT_READ);
		return at;
	}
	at = allocate(bytes + 1);
	return memcpy(at + (place == UNALIGNED), what, bytes);
}

static int checks_failed;

static const char *step_text = "";

static void step(const char *text)
{
	step_text = text;
}

static void __attribute__((format(printf, 1, 2))) wrong(const char *format, ...)
{
	va_list args;

	checks_failed++;
	printf("%s: ", step_text);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* An earlier step has failed, and without it this one cannot be done. */
static void __attribute__((noreturn)) missing(const char *what, const char *name)
{
	printf("%s: there is no %s %s\nFAIL: the steps cannot go on\n", step_text, what, name);
	_exit(FAIL);
}

static void expect_number(const char *field, long long got, long long expected, const char *text)
{
	if (got == expected)
		return;
	if (got < 0 && got > -4096)
		wrong("%s is %lld (%s), expected %s", field, got, strerror((int)-got), text);
	else
		wrong("%s is %lld, expected %s", field, got, text);
}

#define expect(field, expected) expect_number(#field, got.field, expected, #expected)

/* What the last step answered. */
static struct {
	long long ret, ring_nr, id, ctxp_unchanged, size, delta, key;
	long long head, tail, nr, magic, compat_features, incompat_features, header_length;
	char sha[17];
} got;

static const char *iocb_name(uint64_t at)
{
	for (int i = 0; i < thing_count; i++)
		if (things[i].kind == IOCB && (uintptr_t)things[i].at == at)
			return things[i].name;
	return NULL;
}

struct wanted_event {
	const char *iocb;
	long long data, res, res2;
};

static struct io_event taken[1 << 17];
static long taken_count;

static void expect_event(long i, struct wanted_event want)
{
	const struct io_event *event = &taken[i];
	const char *name = iocb_name(event->obj);

	if (!strcmp(name ? name : "", want.iocb ? want.iocb : "") && (long long)event->data == want.data &&
	    event->res == want.res && event->res2 == want.res2)
		return;
	wrong("event %ld is [%s, %lld, %lld, %lld], expected [%s, %lld, %lld, %lld]", i, name ? name : "null",
	      (long long)event->data, (long long)event->res, (long long)event->res2, want.iocb ? want.iocb : "null",
	      want.data, want.res, want.res2);
}

static void expect_events(long count, const struct wanted_event *want)
{
	if (taken_count != count)
		wrong("%ld events, expected %ld", taken_count, count);
	for (long i = 0; i < count && i < taken_count; i++)
		expect_event(i, want[i]);
}

static void expect_last_event(struct wanted_event want)
{
	if (taken_count == 0)
		wrong("no events");
	else
		expect_event(taken_count - 1, want);
}

static uint32_t rotate(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void sha256_block(uint32_t h[8], const unsigned char *block)
{
	static const uint32_t k[64] = {
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
		0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
		0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
		0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
		0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
		0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
		0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
	};
	uint32_t w[64], v[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t a = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
			     ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
		uint32_t b = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
			     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += a;
		v[0] = a + b;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

/* The first half of the SHA-256, in hex. */
static void sha_of(const void *data, size_t bytes, char text[17])
{
	uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	unsigned char end[128] = { 0 };
	size_t whole = bytes & ~(size_t)63, left = bytes - whole, end_bytes = left < 56 ? 64 : 128;

	for (size_t i = 0; i < whole; i += 64)
		sha256_block(h, (const unsigned char *)data + i);
	memcpy(end, (const char *)data + whole, left);
	end[left] = 0x80;
	for (int i = 0; i < 8; i++)
		end[end_bytes - 1 - i] = (unsigned char)((uint64_t)bytes * 8 >> 8 * i);
	for (size_t i = 0; i < end_bytes; i += 64)
		sha256_block(h, end + i);
	snprintf(text, 17, "%08x%08x", h[0], h[1]);
}

static void expect_sha(const char *sha, const char *what)
{
	if (strcmp(got.sha, sha))
		wrong("%s have the hash %s, expected %s", what, got.sha, sha);
}

/* What a double cannot hold is hexadecimal. */
static int json_long(char *at, long long value)
{
	if (value > -(1ll << 53) && value < 1ll << 53)
		return sprintf(at, ",%lld", value);
	return sprintf(at, ",\"0x%llx\"", (unsigned long long)value);
}

/* The list of events as JSON has it, for its hash. */
static void expect_events_sha(const char *sha)
{
	char *text = allocate((size_t)taken_count * 120 + 2), *at = text;

	for (long i = 0; i < taken_count; i++) {
		const char *name = iocb_name(taken[i].obj);

		at += sprintf(at, "%c", i ? ',' : '[');
		at += name ? sprintf(at, "[\"%s\"", name) : sprintf(at, "[null");
		at += json_long(at, (long long)taken[i].data);
		at += json_long(at, taken[i].res);
		at += json_long(at, taken[i].res2);
		at += sprintf(at, "]");
	}
	at += sprintf(at, "]");
	sha_of(text, (size_t)(at - text), got.sha);
	expect_sha(sha, "the events");
}

/* Memory that is no context. */
static aio_context_t junk(void)
{
	static void *zeroes;

	if (!zeroes)
		zeroes = allocate(64);
	return (aio_context_t)(uintptr_t)zeroes;
}

static bool is_alive(const void *handle)
{
	for (int i = 0; i < thing_count; i++)
		if (things[i].kind == CONTEXT && things[i].at == handle && things[i].value)
			return true;
	return false;
}

/* A handle. That of a destroyed context is nobody's, even if another context got its address. */
static aio_context_t context(const char *name)
{
	struct named *found = look_up(CONTEXT, name);

	if (!found)
		missing("context", name);
	if (!found->value && is_alive(found->at))
		return junk();
	return (aio_context_t)(uintptr_t)found->at;
}

static void destroy(aio_context_t ctx)
{
	got.ret = io_destroy(ctx);
	for (int i = 0; i < thing_count && got.ret == 0; i++)
		if (things[i].kind == CONTEXT && (uintptr_t)things[i].at == ctx)
			things[i].value = false;
}

/* What the kernel makes of a new context. */
static void setup_at(const char *name, unsigned int nr_events, aio_context_t *ctxp)
{
	struct named *found = thing(CONTEXT, name);

	got.ctxp_unchanged = false;
	got.ret = io_setup(nr_events, ctxp);
	if (got.ret != 0)
		return;
	found->at = (void *)(uintptr_t)*ctxp;
	found->value = true;
	got.ring_nr = ring_of(*ctxp)->nr;
	got.id = ring_of(*ctxp)->id;
}

static void setup(const char *name, unsigned int nr_events, aio_context_t before, long place)
{
	aio_context_t *ctxp = placed(&before, sizeof(before), place);

	setup_at(name, nr_events, ctxp);
	got.ctxp_unchanged = (place < 0 || place >= (long)sizeof(before)) && !memcmp(ctxp, &before, sizeof(before));
}

static struct iocb *iocb(const char *name)
{
	struct named *found = look_up(IOCB, name);

	if (!found)
		missing("iocb", name);
	return found->at;
}

/* Writes an iocb; the same one again where it is. */
static void prepare(const char *name, struct iocb what, long place)
{
	struct named *found = thing(IOCB, name);

	if (!found->at) {
		found->at = placed(&what, sizeof(what), place);
		return;
	}
	if (place == READONLY)
		mprotect(found->at, sizeof(what), PROT_READ | PROT_WRITE);
	memcpy(found->at, &what, place >= 0 && place < (long)sizeof(what) ? (size_t)place : sizeof(what));
	if (place == READONLY)
		mprotect(found->at, sizeof(what), PROT_READ);
}

static const char *numbered(const char *prefix, int i)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s%d", prefix, i);
	return name;
}

static void iocb_key(const char *name)
{
	uint32_t key;

	memcpy(&key, (char *)iocb(name) + offsetof(struct iocb, aio_key), sizeof(key));
	got.key = key;
}

static void set_iocb_key(const char *name, uint32_t key)
{
	memcpy((char *)iocb(name) + offsetof(struct iocb, aio_key), &key, sizeof(key));
}

/* A kworker completes some requests: waits until the tail of the ring is there. Inlined, gcc warns of a ring at -1. */
static __attribute__((noinline)) void await_tail(const struct aio_ring *ring, uint32_t tail)
{
	for (int i = 0; i < 10000 && __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) != tail; i++)
		usleep(100);
}

static void cancel(aio_context_t ctx, void *iocb)
{
	const struct aio_ring *ring = is_alive((void *)(uintptr_t)ctx) ? ring_of(ctx) : NULL;
	uint32_t tail = ring ? ring->tail : 0;

	got.ret = io_cancel(ctx, iocb, allocate(sizeof(struct io_event)));
	if (ring && got.ret == -EINPROGRESS)
		await_tail(ring, (tail + 1) % ring->nr);
}

static struct iocb *iocb_at(const char *name)
{
	if (!strcmp(name, "NULL"))
		return NULL;
	if (!strcmp(name, "BAD"))
		return BAD;
	if (!strcmp(name, "MINUS1"))
		return MINUS1;
	if (!strcmp(name, "RO"))
		return read_only();
	if (!strcmp(name, "GUARD"))
		return guarded_memory(0);
	return iocb(name);
}

static void note_context(const struct iocb *at, aio_context_t ctx)
{
	for (int i = 0; i < thing_count; i++)
		if (things[i].kind == IOCB && things[i].at == at)
			things[i].value = (long)ctx;
}

/* IOCB_CMD_POLL waits for what comes later; a kworker does FSYNC and FDSYNC. */
static void submit_list(aio_context_t ctx, long nr, struct iocb **list, void *at)
{
	const struct aio_ring *ring = is_alive((void *)(uintptr_t)ctx) ? ring_of(ctx) : NULL;
	uint32_t tail = ring ? ring->tail : 0, done = 0;
	bool deferred = false;

	got.ret = io_submit(ctx, nr, at);
	for (long i = 0; i < got.ret; i++) {
		note_context(list[i], ctx);
		done += list[i]->aio_lio_opcode != 5;
		deferred |= list[i]->aio_lio_opcode == IOCB_CMD_FSYNC || list[i]->aio_lio_opcode == IOCB_CMD_FDSYNC;
	}
	if (ring && deferred)
		await_tail(ring, (tail + done) % ring->nr);
}

static void submit(aio_context_t ctx, long nr, long count, const char *const *names, long place)
{
	struct iocb **list = allocate((size_t)count * sizeof(*list));

	for (long i = 0; i < count; i++)
		list[i] = iocb_at(names[i]);
	submit_list(ctx, nr, list, placed(list, (size_t)count * sizeof(*list), place));
}

/* Iocbs prefix0, prefix1, … */
static void submit_run(aio_context_t ctx, long nr, const char *prefix, int count, int from, long place)
{
	struct iocb **list = allocate((size_t)count * sizeof(*list));

	for (int i = 0; i < count; i++)
		list[i] = iocb(numbered(prefix, from + i));
	submit_list(ctx, nr, list, placed(list, (size_t)count * sizeof(*list), place));
}

static void getevents(aio_context_t ctx, long min_nr, long nr, void *room, void *timeout)
{
	got.ret = io_getevents(ctx, min_nr, nr, room, timeout);
	taken_count = got.ret > 0 ? got.ret : 0;
	if (taken_count > 0)
		memcpy(taken, room, (size_t)taken_count * sizeof(*taken));
}

/* Reads events without a system call. */
static void user_reap(aio_context_t ctx, long most)
{
	struct aio_ring *ring = ring_of(ctx);

	taken_count = 0;
	/* At most once around: in a ring that has been written over, head may never come to tail. */
	while (taken_count < most && taken_count < (long)(ring->nr ? ring->nr : 1)) {
		uint32_t head = ring->head;

		if (ring->magic != AIO_RING_MAGIC || head == __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE))
			break;
		taken[taken_count++] = ring->events[head % ring->nr];
		__atomic_store_n(&ring->head, (head + 1) % ring->nr, __ATOMIC_RELEASE);
	}
	got.ret = taken_count;
}

static void ring_read(aio_context_t ctx)
{
	const struct aio_ring *ring = ring_of(ctx);

	got.id = ring->id;
	got.nr = ring->nr;
	got.head = ring->head;
	got.tail = ring->tail;
	got.magic = ring->magic;
	got.compat_features = ring->compat_features;
	got.incompat_features = ring->incompat_features;
	got.header_length = ring->header_length;
}

static void ring_event(aio_context_t ctx, long index)
{
	taken[0] = ring_of(ctx)->events[index];
	taken_count = 1;
}

/* A buffer of that name: the one that there is, if it is as long. */
static void *new_buffer(const char *name, long bytes)
{
	struct named *found = thing(BUFFER, name);

	if (!found->at || found->value < bytes) {
		found->at = allocate((size_t)bytes);
		found->value = bytes;
	}
	return found->at;
}

static void *buffer(const char *name)
{
	return thing(BUFFER, name)->at;
}

static void move_buffer(const char *name, long place)
{
	struct named *found = thing(BUFFER, name);

	found->at = placed(found->at, (size_t)found->value, place);
}

/* The bytes that files and buffers are filled with. */
static unsigned char ramp(long i, long seed)
{
	return (unsigned char)(i * 131 + 17 + 29 * seed);
}

static void fill(const char *name, long bytes, long seed)
{
	unsigned char *at = new_buffer(name, bytes);

	for (long i = 0; i < bytes; i++)
		at[i] = ramp(i, seed);
}

static void clear(const char *name, long bytes)
{
	memset(new_buffer(name, bytes), 0, (size_t)bytes);
}

static void buffer_sha(const char *name)
{
	sha_of(buffer(name), (size_t)thing(BUFFER, name)->value, got.sha);
}

static int descriptor(const char *name)
{
	return (int)thing(DESCRIPTOR, name)->value;
}

static void set_descriptor(const char *name, int fd)
{
	if (fd < 0)
		skip_errno(name);
	thing(DESCRIPTOR, name)->value = fd;
}

static void make_file(const char *name, long bytes, long seed)
{
	FILE *file = fopen(name, "w");

	if (!file)
		skip_errno(name);
	for (long i = 0; i < bytes; i++)
		putc(ramp(i, seed), file);
	if (fclose(file))
		skip_errno(name);
}

static void open_file(const char *name, const char *file, int flags)
{
	set_descriptor(name, open(file, flags));
}

static void close_descriptor(const char *name)
{
	got.ret = answer(close(descriptor(name)));
}

static void cut_file(const char *name, long bytes)
{
	if (truncate(name, bytes))
		skip_errno(name);
}

static void file_size(const char *name)
{
	struct stat about;

	if (stat(name, &about))
		skip_errno(name);
	got.size = about.st_size;
}

static void file_sha(const char *name)
{
	FILE *file = fopen(name, "r");
	char *text;
	struct stat about;

	if (!file || fstat(fileno(file), &about))
		skip_errno(name);
	got.size = about.st_size;
	text = allocate((size_t)got.size);
	if (fread(text, 1, (size_t)got.size, file) != (size_t)got.size)
		skip_errno(name);
	fclose(file);
	sha_of(text, (size_t)got.size, got.sha);
}

static void make_pipe(const char *reader, const char *writer, int flags)
{
	int fds[2];

	if (pipe2(fds, flags))
		skip_errno("pipe");
	set_descriptor(reader, fds[0]);
	set_descriptor(writer, fds[1]);
	thing(DESCRIPTOR, writer)->reader = fds[0];
}

/* Makes the requests that wait for the pipe complete; a kworker completes one that signals an eventfd. */
static void complete(const char *name, const char *writer)
{
	struct named *poll = look_up(IOCB, name);
	bool deferred = poll && poll->value && (iocb(name)->aio_flags & IOCB_FLAG_RESFD) && is_alive((void *)poll->value);
	const struct aio_ring *ring = deferred ? ring_of((aio_context_t)poll->value) : NULL;
	uint32_t tail = ring ? ring->tail : 0;
	char bytes[8] = "x";

	got.ret = answer(write(descriptor(writer), bytes, 1));
	/* What is read is what makes the next poll wait. It is no answer. */
	if (got.ret == 1 && read(thing(DESCRIPTOR, writer)->reader, bytes, sizeof(bytes)) < 0)
		return;
	if (ring && got.ret == 1)
		await_tail(ring, (tail + 1) % ring->nr);
}

static void take_eventfd(const char *name)
{
	uint64_t count;
	long ret = answer(read(descriptor(name), &count, sizeof(count)));

	got.ret = ret < 0 ? ret : (long long)count;
}

static long long limit_of(const char *path)
{
	long long value = -1;
	FILE *file = fopen(path, "r");

	if (!file || fscanf(file, "%lld", &value) != 1)
		skip_errno(path);
	fclose(file);
	return value;
}

#define AIO_NR "/proc/sys/fs/aio-nr"
#define AIO_MAX_NR "/proc/sys/fs/aio-max-nr"

/* What other processes have, as long as none of them comes or goes. */
static long long aio_nr_before;

static void aio_nr(void)
{
	got.delta = limit_of(AIO_NR) - aio_nr_before;
}

static void set_aio_max_nr(long long limit)
{
	FILE *file = fopen(AIO_MAX_NR, "w");

	if (!file || fprintf(file, "%lld\n", limit) < 0 || fclose(file))
		skip_errno(AIO_MAX_NR);
}

static long long aio_max_nr_before;

static struct rlimit address_space;

/* There is no room for another mapping. */
static void refuse_mappings(void)
{
	struct rlimit none;

	if (getrlimit(RLIMIT_AS, &address_space))
		skip_errno("getrlimit");
	none = (struct rlimit){ 4096, address_space.rlim_max };
	setrlimit(RLIMIT_AS, &none);
}

static void allow_mappings(void)
{
	setrlimit(RLIMIT_AS, &address_space);
}

static void on_signal(int signal)
{
	(void)signal;
}

/* A signal comes while the next call waits. */
static void signal_soon(void)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
}

/* The n-th of the CPUs that there are: a CPU takes slots in batches, so a trace says where it runs. */
static void go_to_cpu(int n)
{
	static cpu_set_t all;
	cpu_set_t one;
	int cpu = 0;

	if (CPU_COUNT(&all) == 0)
		sched_getaffinity(0, sizeof(all), &all);
	if (n >= CPU_COUNT(&all))
		skip("this trace needs %d CPUs", n + 1);
	for (int left = n; left > 0 || !CPU_ISSET(cpu, &all); cpu++)
		left -= CPU_ISSET(cpu, &all) ? 1 : 0;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static int verdict(int recorded_cpus)
{
	if (checks_failed == 0) {
		printf("PASS\n");
		return PASS;
	}
	if (possible_cpus() != recorded_cpus)
		skip("recorded on %d possible CPUs, of which the number of slots depends; here are %d",
		     recorded_cpus, possible_cpus());
	printf("FAIL: %d of the answers differ\n", checks_failed);
	return FAIL;
}
