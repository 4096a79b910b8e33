/*
 * What Vectorscan itself can do: the limit that `herald scan --count` is measured against.
 *
 *     bare-scan compile EXPRESSIONS DATABASE     EXPRESSIONS: a line each, the flags in decimal, a tab, the expression
 *     bare-scan count DATABASE FILE THREADS      prints the number of lines in which any expression ends
 *
 * Each thread takes the next 256 KiB of the file in turn and scans the lines that begin there in one call; the callback
 * does nothing but count lines. No header is read, no rule is decided: what is counted is a superset of the hits.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <hs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART = 256 << 10, LINE = 64 << 10 };

static hs_database_t *database;
static int file;
static size_t size;
static atomic_size_t next;
static atomic_size_t total;

struct scanned {
    const char *text;
    size_t length;
    size_t quiet_until;
    size_t lines;
};

static void fail(const char *what)
{
    fprintf(stderr, "bare-scan: %s\n", what);
    exit(1);
}

static int found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    struct scanned *s = context;
    (void)id, (void)from, (void)flags;
    if (to <= s->quiet_until) return 0;
    const char *newline = memchr(s->text + to - 1, '\n', s->length - (to - 1));
    s->quiet_until = newline ? (size_t)(newline - s->text) + 1 : s->length;
    s->lines++;
    return 0;
}

static void *work(void *unused)
{
    (void)unused;
    hs_scratch_t *scratch = NULL;
    char *buffer = malloc(1 + PART + LINE);
    if (!buffer || hs_alloc_scratch(database, &scratch) != HS_SUCCESS) fail("no memory");
    size_t lines = 0;
    for (;;) {
        size_t start = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) * PART;
        if (start >= size) break;
        size_t origin = start ? start - 1 : 0, wanted = (start + PART < size ? start + PART : size) - origin;
        ssize_t got = pread(file, buffer, wanted, (off_t)origin);
        if (got < 0 || (size_t)got != wanted) fail("cannot read");
        const char *first = buffer;
        if (start) {
            const char *newline = memchr(buffer, '\n', wanted);
            if (!newline || (first = newline + 1) >= buffer + wanted) continue;
        }
        /* On to the end of the last line that begins here. */
        size_t end = wanted;
        while (buffer[end - 1] != '\n' && end < 1 + PART + LINE) {
            size_t more = 1 + PART + LINE - end < 4096 ? 1 + PART + LINE - end : 4096;
            got = pread(file, buffer + end, more, (off_t)(origin + end));
            if (got <= 0) break;
            const char *newline = memchr(buffer + end, '\n', (size_t)got);
            end += newline ? (size_t)(newline - buffer - end) + 1 : (size_t)got;
        }
        struct scanned s = {first, (size_t)(buffer + end - first), 0, 0};
        if (hs_scan(database, s.text, (unsigned)s.length, 0, scratch, found, &s) != HS_SUCCESS) fail("hs_scan failed");
        lines += s.lines;
    }
    atomic_fetch_add(&total, lines);
    hs_free_scratch(scratch);
    free(buffer);
    return NULL;
}

static char *whole(const char *path, size_t *length)
{
    struct stat status;
    int number = open(path, O_RDONLY);
    if (number < 0 || fstat(number, &status) != 0) fail("cannot open");
    char *text = malloc((size_t)status.st_size + 1);
    if (!text || read(number, text, (size_t)status.st_size) != status.st_size) fail("cannot read");
    text[status.st_size] = 0;
    *length = (size_t)status.st_size;
    close(number);
    return text;
}

static void compile(const char *expressions, const char *to)
{
    size_t length, count = 0;
    char *text = whole(expressions, &length);
    for (size_t at = 0; at < length; at++) count += text[at] == '\n';
    const char **list = calloc(count, sizeof *list);
    unsigned *flags = calloc(count, sizeof *flags), *numbers = calloc(count, sizeof *numbers);
    char *line = text;
    for (size_t at = 0; at < count; at++) {
        char *end = strchr(line, '\n'), *tab = strchr(line, '\t');
        *end = 0;
        flags[at] = (unsigned)strtoul(line, NULL, 10);
        list[at] = tab + 1;
        numbers[at] = (unsigned)at;
        line = end + 1;
    }
    hs_compile_error_t *error = NULL;
    if (hs_compile_multi(list, flags, numbers, (unsigned)count, HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS)
        fail(error->message);
    char *bytes = NULL;
    if (hs_serialize_database(database, &bytes, &length) != HS_SUCCESS) fail("cannot serialise");
    FILE *out = fopen(to, "wb");
    if (!out || fwrite(bytes, 1, length, out) != length || fclose(out) != 0) fail("cannot write the database");
    printf("%zu\n", count);
}

static void count(const char *from, const char *path, int threads)
{
    size_t length;
    char *bytes = whole(from, &length);
    struct stat status;
    if (hs_deserialize_database(bytes, length, &database) != HS_SUCCESS) fail("not a database for this machine");
    file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &status) != 0) fail("cannot open the text");
    size = (size_t)status.st_size;
    pthread_t other[64];
    if (threads < 1 || threads > 64) fail("1 to 64 threads");
    for (int n = 1; n < threads; n++)
        if (pthread_create(&other[n], NULL, work, NULL) != 0) fail("no thread");
    work(NULL);
    for (int n = 1; n < threads; n++) pthread_join(other[n], NULL);
    printf("%zu\n", (size_t)total);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "compile") == 0)
        compile(argv[2], argv[3]);
    else if (argc == 5 && strcmp(argv[1], "count") == 0)
        count(argv[2], argv[3], atoi(argv[4]));
    else
        fail("compile EXPRESSIONS DATABASE | count DATABASE FILE THREADS");
    return 0;
}
