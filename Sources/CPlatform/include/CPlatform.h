/* The little that Swift cannot say: a signal handler, system calls without a wrapper, and variadic or macro-only calls.
   Each function tells why it stands here. All return 0 or a positive value when well, and -1 with errno otherwise. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
/* Not in Swift's Glibc module: */
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

/* ---- SIGBUS: a journal file that is truncated under its reader. ----
   libsystemd maps journal files; touching a page behind the new end raises SIGBUS. A signal handler may call only
   async-signal-safe functions, which no Swift code can promise. The handler maps a zero page over the faulting one, as
   journalctl's own does, and counts. */
int herald_sigbus_install(void);
/* How many pages were replaced for the calling thread since its start. A reader compares before and after: more means its file is gone. */
uint64_t herald_sigbus_count(void);

/* ---- Sandbox of herald-extract: Landlock and seccomp have no libc wrappers. ---- */
/* prctl(PR_SET_NO_NEW_PRIVS) is variadic. */
int herald_no_new_privs(void);
/* Restricts this process to reading and executing beneath `readable`. Returns the Landlock ABI used, 0 where the kernel
   has no Landlock. */
int herald_landlock_read_only(const char *const *readable, size_t count);
/* Refuses (EPERM) sockets, ptrace, mounting, kernel keys, BPF, io_uring and namespaces; x86_64 and arm64, 0 elsewhere. */
int herald_seccomp_no_network(void);
/* Refuses (EPERM) signals to, and resource limits of, every process but this one; for a process without children, and
   wants no_new_privs. Async-signal-safe. */
int herald_seccomp_no_signals(void);

/* ---- Variadic, macro-only or GNU-only calls. ---- */
/* Credentials of the process at the other end of a Unix socket (struct ucred needs _GNU_SOURCE). */
int herald_peer_credentials(int descriptor, int32_t *pid, uint32_t *uid, uint32_t *gid);
/* The last `byte` within count bytes, or NULL (memrchr needs _GNU_SOURCE). */
const void *herald_memrchr(const void *bytes, int byte, size_t count);
/* What kind of file system a path is on (statfs(2), linux/magic.h; Glibc's module lacks it); 0 if that cannot be told. */
uint32_t herald_file_system(const char *path);
/* statx(2), STATX_BTIME: when the open file was made, in nanoseconds since 1970; 0 where its file system does not say. */
int64_t herald_birth_time(int file);
/* renameat2(RENAME_NOREPLACE): never over an existing name. */
int herald_rename_exclusive(int from_dir, const char *from, int to_dir, const char *to);
/* pidfd_open(2), which has no wrapper in Debian 12's libc: readable when the process has ended. */
int herald_pidfd_open(pid_t pid);
/* Gives back what only the start needed: freed heap pages (malloc_trim(3), which Swift's Glibc does not show), and the
   mapped pages of code, of this program and of its libraries (dl_iterate_phdr(3) wants a C callback), which come back from
   the page cache as they are used. */
void herald_trim_memory(void);
/* No core dump of this process nor, unless they undo it, of its children; and no other process of its user may look into its
   memory. prctl(2) is variadic. */
void herald_refuse_core_dump(void);
/* Makes the process this user's with this group and no other, for good: real, effective and saved ids (setresuid(2) and
   setresgid(2) need _GNU_SOURCE). */
int herald_become(uint32_t user, uint32_t group);
/* Names the calling thread for ps(1); prctl(2) is variadic. */
void herald_name_thread(const char *name);
/* pipe2(2) with O_CLOEXEC, which needs _GNU_SOURCE. */
int herald_pipe(int ends[2]);
/* memfd_create(2) with MFD_CLOEXEC, which needs _GNU_SOURCE. */
int herald_memory_file(const char *name);
/* The status macros of wait(2): exit code, or 128 + signal. */
int herald_exit_code(int wait_status);
/* fork and exec of argv[0] (an absolute path) in a process group of its own, with descriptors 0, 1 and 2 as given
   (-1: /dev/null), `more` as 3 (-1: none), `environment` in place of ours, resource limits (0: unlimited) and a parent-death signal. Between
   fork and exec only async-signal-safe calls are allowed, which Swift cannot promise. Returns the pid. */
typedef struct {
    uint64_t cpu_seconds, memory_bytes, file_bytes;
    int no_signals; /* not 0: herald_seccomp_no_signals in the child, which is not started without it */
} herald_limits;
pid_t herald_spawn(const char *const *argv, const char *const *environment, int in, int out, int err, int more,
                   const herald_limits *limits);
