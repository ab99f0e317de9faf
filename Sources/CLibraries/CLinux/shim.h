#pragma once
// What Linux has and the Glibc module leaves out: readiness, wake-ups, signals as descriptors, zero-copy files.

#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// Declared by glibc only under _GNU_SOURCE, which a module map cannot set.
extern int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
extern int pthread_setname_np(pthread_t thread, const char *name);

#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <sys/prctl.h>
#include <sys/resource.h>

// Not by its header, which would take types of terminals away from the Glibc module.
extern int ioctl(int descriptor, unsigned long request, ...);

// ioctl is variadic. Bytes of a socket that its peer has not received; -1 for what is no socket.
static inline int soundgate_unsent_bytes(int socket) {
    int bytes = 0;
    return ioctl(socket, SIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

// prctl is variadic. Without the flag nothing dumps or traces this process but root, and /proc/PID is root's.
static inline int soundgate_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// Here, for Swift sees the names of limits as an enumeration that setrlimit does not take.
static inline int soundgate_forbid_core_files(void) {
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none);
}

// Each of the signals that a crash ends in does what the system does by itself.
static inline void soundgate_reset_crash_handlers(void) {
    static const int signals[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], SIG_DFL);
}

static inline int soundgate_raise_memory_lock(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return -1;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_MEMLOCK, &limit);
}

// As many descriptors as this user may have; the number of them, or -1.
static inline long soundgate_raise_open_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    struct rlimit raised = {limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    return limit.rlim_cur > 1000000000 ? 1000000000 : (long)limit.rlim_cur;
}
