/* The wall clock of one process, moved by as many nanoseconds as the file STEPPED_CLOCK holds; read at every call, so
 * that it can be stepped while the process runs. What the kernel moves with it moves too: the boot time in /proc/stat.
 * CLOCK_MONOTONIC stays, as it does when somebody steps the clock of a machine.
 *
 * Not Debian's libfaketime (0.9.10): under it Python's time.sleep() fails, and timed waits hang after a step.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000LL

static const volatile int64_t *offset;
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_open64)(const char *, int, ...);

__attribute__((constructor)) static void start(void) {
    real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    real_open64 = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    int file = real_open64(getenv("STEPPED_CLOCK"), O_RDONLY | O_CLOEXEC);
    offset = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (file < 0 || offset == MAP_FAILED) {
        perror("STEPPED_CLOCK");
        _exit(1);
    }
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = real_clock_gettime(clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t moved = now->tv_sec * NANOSECONDS + now->tv_nsec + *offset;
        now->tv_sec = moved / NANOSECONDS;
        now->tv_nsec = moved % NANOSECONDS;
    }
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    int failed = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *result) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (result)
        *result = precise.tv_sec;
    return precise.tv_sec;
}

static int moved_proc_stat(int flags) {
    FILE *original = fdopen(real_open64("/proc/stat", flags), "r");
    int moved = memfd_create("stat", MFD_CLOEXEC);
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, original) > 0) {
        if (strncmp(line, "btime ", 6) == 0)
            dprintf(moved, "btime %lld\n", atoll(line + 6) + (long long)(*offset / NANOSECONDS));
        else
            dprintf(moved, "%s", line);
    }
    free(line);
    fclose(original);
    lseek(moved, 0, SEEK_SET);
    return moved;
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return strcmp(path, "/proc/stat") == 0 ? moved_proc_stat(flags) : real_open64(path, flags, mode);
}
