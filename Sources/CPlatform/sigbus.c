#define _GNU_SOURCE
#include "CPlatform.h"
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of each thread: the signal comes to the thread that touched the page, and another reader's file is none of its
   concern. Initial-exec, for the handler may not allocate. */
static _Thread_local volatile uint64_t replaced_pages __attribute__((tls_model("initial-exec")));
static uintptr_t page_mask;

static void replace_page(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    if (info->si_code == BUS_ADRERR && info->si_addr != NULL) {
        void *page = (void *)((uintptr_t)info->si_addr & page_mask);
        size_t size = (size_t)(~page_mask + 1);
        if (mmap(page, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page) {
            replaced_pages = replaced_pages + 1;
            return;
        }
    }
    /* Not ours: the default action, at the return of this handler. */
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

int herald_sigbus_install(void) {
    page_mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = replace_page;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    return sigaction(SIGBUS, &action, NULL);
}

uint64_t herald_sigbus_count(void) { return replaced_pages; }
