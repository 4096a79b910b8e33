#define _GNU_SOURCE
#include "CPlatform.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int herald_no_new_privs(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int herald_landlock_read_only(const char *const *readable, size_t count) {
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 0) return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
    /* Bits 13 (refer, ABI 2) and 14 (truncate, ABI 3) are younger than the headers of Debian 12 may be. */
    uint64_t all = (1ULL << 13) - 1;
    if (abi >= 2) all |= 1ULL << 13;
    if (abi >= 3) all |= 1ULL << 14;
    struct landlock_ruleset_attr ruleset = {.handled_access_fs = all};
    int descriptor = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);
    if (descriptor < 0) return -1;
    int result = abi;
    for (size_t i = 0; i < count; i++) {
        struct landlock_path_beneath_attr beneath = {
            .allowed_access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
            .parent_fd = open(readable[i], O_PATH | O_CLOEXEC),
        };
        if (beneath.parent_fd < 0) continue; /* what does not exist cannot be read */
        struct stat status; /* a right of folders on a file is EINVAL (landlock_add_rule(2)) */
        if (fstat(beneath.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
            beneath.allowed_access &= ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR;
        if (syscall(SYS_landlock_add_rule, descriptor, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0) result = -1;
        close(beneath.parent_fd);
    }
    if (result > 0 && syscall(SYS_landlock_restrict_self, descriptor, 0) != 0) result = -1;
    close(descriptor);
    return result;
}

#if defined(__x86_64__)
#define HERALD_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define HERALD_ARCH AUDIT_ARCH_AARCH64
#endif

/* Younger than the headers of Debian 12 may be; the same on both architectures. */
#define HERALD_PIDFD_GETFD 438
#define HERALD_PROCESS_MADVISE 440
#define REFUSE(number)                                                                                                  \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

int herald_seccomp_no_network(void) {
#ifdef HERALD_ARCH
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), /* seccomp_data.arch */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HERALD_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* seccomp_data.nr */
#if defined(__x86_64__)
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), /* the x32 numbers */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
        REFUSE(SYS_socket), REFUSE(SYS_socketpair), REFUSE(SYS_connect), REFUSE(SYS_bind), REFUSE(SYS_listen),
        REFUSE(SYS_accept), REFUSE(SYS_accept4), REFUSE(SYS_sendto), REFUSE(SYS_sendmsg), REFUSE(SYS_sendmmsg),
        REFUSE(SYS_ptrace), REFUSE(SYS_process_vm_readv), REFUSE(SYS_process_vm_writev), REFUSE(SYS_kexec_load),
        REFUSE(SYS_mount), REFUSE(SYS_umount2), REFUSE(SYS_pivot_root), REFUSE(SYS_unshare), REFUSE(SYS_setns),
        REFUSE(SYS_keyctl), REFUSE(SYS_add_key), REFUSE(SYS_request_key), REFUSE(SYS_bpf), REFUSE(SYS_perf_event_open),
        REFUSE(SYS_io_uring_setup), REFUSE(SYS_userfaultfd), REFUSE(SYS_init_module), REFUSE(SYS_finit_module),
        /* Other processes of the same user, the responder among them. */
        REFUSE(SYS_pidfd_open), REFUSE(SYS_pidfd_send_signal), REFUSE(HERALD_PIDFD_GETFD), REFUSE(HERALD_PROCESS_MADVISE),
        REFUSE(SYS_tkill), REFUSE(SYS_rt_sigqueueinfo), REFUSE(SYS_rt_tgsigqueueinfo), REFUSE(SYS_kcmp),
        REFUSE(SYS_setpriority), REFUSE(SYS_ioprio_set), REFUSE(SYS_sched_setaffinity), REFUSE(SYS_sched_setscheduler),
        REFUSE(SYS_sched_setparam), REFUSE(SYS_sched_setattr), REFUSE(SYS_migrate_pages), REFUSE(SYS_move_pages),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) return -1;
    return 1;
#else
    return 0;
#endif
}

int herald_seccomp_no_signals(void) {
#ifdef HERALD_ARCH
    uint32_t own = (uint32_t)getpid(); /* kept by execve(2) */
    enum { argument = 16 };            /* the low half of seccomp_data.args[0]; both architectures are little-endian */
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HERALD_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        REFUSE(SYS_kill),
        /* abort(3) sends its signal by tgkill, setrlimit(3) is prlimit64(0, …). */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), /* tgkill(2) of 0 is EINVAL */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) return -1;
    return 1;
#else
    return 0;
#endif
}
