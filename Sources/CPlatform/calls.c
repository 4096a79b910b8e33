#define _GNU_SOURCE
#include "CPlatform.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

int herald_peer_credentials(int descriptor, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
    *pid = credentials.pid;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return 0;
}

const void *herald_memrchr(const void *bytes, int byte, size_t count) { return memrchr(bytes, byte, count); }

uint32_t herald_file_system(const char *path) {
    struct statfs status;
    return statfs(path, &status) == 0 ? (uint32_t)status.f_type : 0;
}

int64_t herald_birth_time(int file) {
    struct statx status;
    if (statx(file, "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0 || !(status.stx_mask & STATX_BTIME)) return 0;
    return (int64_t)status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec;
}

int herald_rename_exclusive(int from_dir, const char *from, int to_dir, const char *to) {
    return renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE);
}

void herald_refuse_core_dump(void) {
    struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int herald_become(uint32_t user, uint32_t group) {
    if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0) return -1;
    return setresuid(user, user, user);
}

void herald_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int herald_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static int drop_code(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size;
    (void)context;
    /* The kernel's own page is none of ours. */
    if (strncmp(object->dlpi_name, "linux-vdso", 10) == 0) return 0;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        /* Code alone: it is never written, so nothing is lost; relocated data would be. */
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || (segment->p_flags & PF_W)) continue;
        uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0; /* the libraries too: that which compiled the rules is mostly code that only compiles */
}

void herald_trim_memory(void) {
    malloc_trim(0);
    dl_iterate_phdr(drop_code, NULL);
}

int herald_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
int herald_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int herald_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

static void limit(int resource, uint64_t value) {
    struct rlimit bound = {.rlim_cur = value, .rlim_max = value};
    if (value) setrlimit(resource, &bound);
}

pid_t herald_spawn(const char *const *argv, const char *const *environment, int in, int out, int err, int more,
                   const herald_limits *limits) {
    pid_t parent = getpid();
    sigset_t everything, before;
    sigfillset(&everything);
    sigprocmask(SIG_SETMASK, &everything, &before);
    pid_t child = fork();
    if (child != 0) {
        int saved = errno;
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (child > 0) setpgid(child, child);
        errno = saved;
        return child;
    }
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    int given[4] = {in, out, err, more};
    int count = more < 0 ? 3 : 4;
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < count; i++) { /* out of the way of 0 to 3 first */
        given[i] = fcntl(given[i] < 0 ? null : given[i], F_DUPFD, count);
        if (given[i] < 0) _exit(127);
    }
    for (int i = 0; i < count; i++)
        if (dup2(given[i], i) < 0) _exit(127);
    syscall(SYS_close_range, (unsigned)count, ~0U, 0U);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (limits) {
        limit(RLIMIT_CPU, limits->cpu_seconds);
        limit(RLIMIT_AS, limits->memory_bytes);
        limit(RLIMIT_FSIZE, limits->file_bytes);
        if (limits->no_signals && (herald_no_new_privs() != 0 || herald_seccomp_no_signals() < 0)) _exit(126);
    }
    execve(argv[0], (char *const *)argv, (char *const *)environment);
    _exit(127);
}
