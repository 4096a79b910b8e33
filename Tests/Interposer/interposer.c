// System calls that go wrong where a test wants it: loaded into a program with LD_PRELOAD, this library stands before libc's
// functions that write, sync, rename or remove, and counts them over all threads.
//
// HERALD_INTERPOSE says what happens:
//   kill=N         after call number N the process gets SIGKILL; the call itself is done
//   enospc=N,M     of the calls on files, M from number N on fail with ENOSPC, and nothing is done
//   eio=N,M        the same with EIO
//   short=N        of the writes to files, number N writes half, and the next one finds no room
//   segv=TEXT      a thread that sends TEXT over a socket gets SIGSEGV
// HERALD_INTERPOSE_TRACE names a file to which each counted call is added as a line: its number, its name.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static long kill_at, fail_at, fail_count, short_at;
static int fail_with, trace = -1;
static const char *poison;

// The function that ours stands before.
#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); real; })

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("HERALD_INTERPOSE_TRACE");
    if (file) trace = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *what = getenv("HERALD_INTERPOSE");
    if (!what) return;
    if (sscanf(what, "kill=%ld", &kill_at) == 1) return;
    if (sscanf(what, "short=%ld", &short_at) == 1) return;
    if (sscanf(what, "enospc=%ld,%ld", &fail_at, &fail_count) == 2) fail_with = ENOSPC;
    else if (sscanf(what, "eio=%ld,%ld", &fail_at, &fail_count) == 2) fail_with = EIO;
    else if (strncmp(what, "segv=", 5) == 0) poison = what + 5;
}

static int is_file(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static void note(long number, const char *name) {
    char line[80];
    int length = snprintf(line, sizeof line, "%ld %s\n", number, name);
    if (trace >= 0 && length > 0) (void)REAL(write)(trace, line, (size_t)length);
}

// Before a call. Not zero: it fails with that, and is not made. Where calls on files are to fail, no others are counted.
static int before(const char *name, int counts) {
    if (!fail_with && !short_at) return 0;
    if (!counts) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    note(number, name);
    return fail_with && number >= fail_at && number < fail_at + fail_count ? fail_with : 0;
}

// After a call that was made.
static void after(const char *name) {
    if (fail_with || short_at) return;
    int error = errno;
    long number = atomic_fetch_add(&calls, 1) + 1;
    note(number, name);
    if (number == kill_at) kill(getpid(), SIGKILL);
    errno = error;
}

// How much of a write is done; -1: none, for there is no room. What goes to a terminal or a log is left alone.
static ssize_t allowed(const char *name, int fd, size_t count) {
    if (fd <= STDERR_FILENO) return (ssize_t)count;
    int file = (fail_with || short_at) && is_file(fd);
    int error = before(name, file);
    if (error) {
        errno = error;
        return -1;
    }
    if (!short_at || !file) return (ssize_t)count;
    long number = atomic_load(&calls);
    if (number == short_at && count > 1) return (ssize_t)(count / 2);
    if (number == short_at + 1) {
        errno = ENOSPC;
        return -1;
    }
    return (ssize_t)count;
}

#define CALL(name, fd_counts, ...) \
    do { \
        int error = before(#name, fd_counts); \
        if (error) { \
            errno = error; \
            return -1; \
        } \
        __typeof__(REAL(name)(__VA_ARGS__)) result = REAL(name)(__VA_ARGS__); \
        after(#name); \
        return result; \
    } while (0)

#define WRITE(name, fd, count, ...) \
    do { \
        ssize_t most = allowed(#name, fd, count); \
        if (most < 0) return -1; \
        count = (size_t)most; \
        ssize_t result = REAL(name)(__VA_ARGS__); \
        if (fd > STDERR_FILENO) after(#name); \
        return result; \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t count) { WRITE(write, fd, count, fd, bytes, count); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { WRITE(pwrite, fd, count, fd, bytes, count, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { WRITE(pwrite64, fd, count, fd, bytes, count, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { CALL(writev, is_file(fd), fd, parts, count); }
int fsync(int fd) { CALL(fsync, 1, fd); }
int fdatasync(int fd) { CALL(fdatasync, 1, fd); }
int ftruncate(int fd, off_t size) { CALL(ftruncate, 1, fd, size); }
int ftruncate64(int fd, off64_t size) { CALL(ftruncate64, 1, fd, size); }
int rename(const char *from, const char *to) { CALL(rename, 1, from, to); }
int renameat(int a, const char *from, int b, const char *to) { CALL(renameat, 1, a, from, b, to); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { CALL(renameat2, 1, a, from, b, to, flags); }
int link(const char *from, const char *to) { CALL(link, 1, from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) { CALL(linkat, 1, a, from, b, to, flags); }
int unlink(const char *path) { CALL(unlink, 1, path); }
int unlinkat(int folder, const char *path, int flags) { CALL(unlinkat, 1, folder, path, flags); }
int mkdir(const char *path, mode_t mode) { CALL(mkdir, 1, path, mode); }

ssize_t send(int fd, const void *bytes, size_t count, int flags) {
    if (poison && memmem(bytes, count, poison, strlen(poison))) *(volatile int *)1 = 0;
    CALL(send, 0, fd, bytes, count, flags);
}
ssize_t sendto(int fd, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t length) {
    CALL(sendto, 0, fd, bytes, count, flags, to, length);
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) { CALL(sendmsg, 0, fd, message, flags); }
