/* Loaded before the program's own libraries by a test: notes in the file WATCH_TRACE, in the order in which they
   happen, writes to the database's log, its syncs, and answers that leave; while the file WATCH_FAIL exists, every
   sync fails as on a broken disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static ssize_t (*real_write)(int, const void *, size_t);

static void note(const char *line) {
    const char *file = getenv("WATCH_TRACE");
    if (!file) return;
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
    int trace = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (trace < 0) return;
    real_write(trace, line, strlen(line));
    close(trace);
}

static int is_log(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 4) return 0;
    path[n] = 0;
    return strcmp(path + n - 4, "-wal") == 0;
}

static void note_answer(const void *bytes, size_t length) {
    if (length >= 12 && memcmp(bytes, "HTTP/1.1 303", 12) == 0) note("answer 303\n");
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
    note_answer(bytes, length);
    if (is_log(fd)) note("write\n");
    return real_write(fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real) real = dlsym(RTLD_NEXT, "writev");
    if (count > 0) note_answer(parts[0].iov_base, parts[0].iov_len);
    return real(fd, parts, count);
}

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    static ssize_t (*real)(int, const void *, size_t, int);
    if (!real) real = dlsym(RTLD_NEXT, "send");
    note_answer(bytes, length);
    return real(fd, bytes, length, flags);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    if (is_log(fd)) note("write\n");
    return real(fd, bytes, length, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite");
    if (is_log(fd)) note("write\n");
    return real(fd, bytes, length, at);
}

static int sync_with(const char *name, int fd) {
    const char *fail = getenv("WATCH_FAIL");
    if (fail && access(fail, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    int (*real)(int) = dlsym(RTLD_NEXT, name);
    int done = real(fd);
    if (done == 0 && is_log(fd)) note("sync\n");
    return done;
}

int fsync(int fd) { return sync_with("fsync", fd); }

int fdatasync(int fd) { return sync_with("fdatasync", fd); }
