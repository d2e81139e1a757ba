/* Loaded into a server (LD_PRELOAD): writes down, in order, all that it does to files below RIG_ROOT, into RIG_LOG.
 *
 * What is written goes to the files at once, as always; syncing them does nothing but leave a line in the log. So the log
 * tells what a disk would have kept, had the power failed at its end: tests/rig/power.rs works that out.
 *
 * A call that it does not know (a raw system call, a mapping that is written to) is not in the log. Then what it did counts
 * as lost: a promise may be found broken that was kept, never the other way round.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { CREATED = 1, WRITTEN, CUT, SYNCED, SYNCED_FOLDER, RENAMED, LINKED, UNLINKED, FOLDER_MADE };

/* As tests/rig/power.rs reads it; path, other path and octets follow. */
struct line {
  uint32_t kind, path_size, other_size, octets_size;
  uint64_t inode, offset;
};

#define FILES_MAX 65536
static unsigned char ours[FILES_MAX];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static char root[PATH_MAX];
static size_t root_size;
static unsigned sync_microseconds;
/* While there is a file of this name, no sync comes to its end. */
static char stopper[PATH_MAX];

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) { fprintf(stderr, "power.c: no %s\n", name); abort(); }
  return found;
}

__attribute__((constructor)) static void begin(void) {
  const char *log = getenv("RIG_LOG"), *below = getenv("RIG_ROOT"), *slow = getenv("RIG_SYNC_MICROSECONDS");
  if (!log || !below || !realpath(below, root)) return;
  root_size = strlen(root);
  snprintf(stopper, sizeof stopper, "%s.stop", log);
  sync_microseconds = slow ? (unsigned)atoi(slow) : 0;
  int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  /* Out of the way of those who number their files themselves. */
  log_file = fcntl(file, F_DUPFD_CLOEXEC, 1000);
  if (log_file < 0) log_file = file;
}

static void note(enum kind kind, uint64_t inode, uint64_t offset, const char *path, const char *other, const void *octets,
                 size_t size) {
  struct line line = {kind, path ? strlen(path) : 0, other ? strlen(other) : 0, size, inode, offset};
  struct iovec parts[4] = {{&line, sizeof line}, {(void *)path, line.path_size}, {(void *)other, line.other_size},
                           {(void *)octets, size}};
  size_t whole = sizeof line + line.path_size + line.other_size + size;
  if (syscall(SYS_writev, log_file, parts, 4) != (long)whole) {
    static const char said[] = "power.c: the log cannot be written\n";
    syscall(SYS_write, 2, said, sizeof said - 1);
    abort();
  }
}

/* The path with its folder resolved, where it lies below the root. */
static int locate(int folder, const char *path, char *into) {
  if (log_file < 0 || !path) return 0;
  char whole[PATH_MAX], resolved[PATH_MAX];
  if (path[0] != '/' && folder != AT_FDCWD) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t size = readlink(link, resolved, sizeof resolved - 1);
    if (size < 0) return 0;
    resolved[size] = 0;
    if (snprintf(whole, sizeof whole, "%s/%s", resolved, path) >= (int)sizeof whole) return 0;
  } else if (snprintf(whole, sizeof whole, "%s", path) >= (int)sizeof whole) {
    return 0;
  }
  size_t size = strlen(whole);
  while (size > 1 && whole[size - 1] == '/') whole[--size] = 0;
  char *slash = strrchr(whole, '/');
  const char *name = slash ? slash + 1 : whole;
  if (slash) *slash = 0;
  if (!realpath(slash ? (slash == whole ? "/" : whole) : ".", resolved)) return 0;
  if (snprintf(into, PATH_MAX, "%s/%s", resolved, name) >= PATH_MAX) return 0;
  return strncmp(into, root, root_size) == 0 && into[root_size] == '/';
}

static uint64_t inode_of(int file) {
  struct stat about;
  return fstat(file, &about) == 0 ? about.st_ino : 0;
}

static int is_ours(int file) { return log_file >= 0 && file >= 0 && file < FILES_MAX && ours[file]; }

#define LOCK pthread_mutex_lock(&turn)
#define UNLOCK do { int kept = errno; pthread_mutex_unlock(&turn); errno = kept; } while (0)

static int open_it(int folder, const char *path, int flags, mode_t mode) {
  char place[PATH_MAX];
  if ((flags & O_TMPFILE) == O_TMPFILE || !locate(folder, path, place)) {
    int file = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (file >= 0 && file < FILES_MAX) {
      /* The root itself may be opened to be synced. */
      char there[PATH_MAX];
      ours[file] = log_file >= 0 && (flags & O_TMPFILE) != O_TMPFILE && realpath(path, there) && !strcmp(there, root);
    }
    return file;
  }
  LOCK;
  int file, created = 0;
  for (;;) {
    file = -1;
    if (flags & O_CREAT) {
      file = (int)syscall(SYS_openat, folder, path, flags | O_EXCL, mode);
      created = file >= 0;
      if (file >= 0 || errno != EEXIST || (flags & O_EXCL)) break;
    }
    file = (int)syscall(SYS_openat, folder, path, flags & ~O_CREAT, mode);
    if (file >= 0 || errno != ENOENT || !(flags & O_CREAT)) break;
  }
  if (file >= 0 && file < FILES_MAX) {
    ours[file] = 1;
    if (created) note(CREATED, inode_of(file), 0, place, NULL, NULL, 0);
    else if (flags & O_TRUNC) note(CUT, inode_of(file), 0, NULL, NULL, NULL, 0);
  }
  UNLOCK;
  return file;
}

#define MODE(flags) mode_t mode = 0; \
  if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE(flags) return open_it(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_it(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return open_it(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return open_it(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_it(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int file) {
  if (file >= 0 && file < FILES_MAX) ours[file] = 0;
  return (int)syscall(SYS_close, file);
}

int fcntl64(int file, int command, ...) {
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *);
  va_end(more);
  int result = (int)syscall(SYS_fcntl, file, command, argument);
  if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && result >= 0 && result < FILES_MAX) ours[result] = is_ours(file);
  return result;
}
int fcntl(int file, int command, ...) {
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *);
  va_end(more);
  return fcntl64(file, command, argument);
}

static void wrote(int file, const struct iovec *parts, int count, off64_t offset, size_t size) {
  uint64_t inode = inode_of(file);
  for (int i = 0; i < count && size > 0; i++) {
    size_t now = parts[i].iov_len < size ? parts[i].iov_len : size;
    note(WRITTEN, inode, (uint64_t)offset, NULL, NULL, parts[i].iov_base, now);
    offset += now;
    size -= now;
  }
}

static ssize_t write_at(int file, const struct iovec *parts, int count, off64_t offset) {
  if (!is_ours(file)) return syscall(SYS_pwritev, file, parts, count, offset, 0L);
  LOCK;
  ssize_t size = syscall(SYS_pwritev, file, parts, count, offset, 0L);
  if (size > 0) wrote(file, parts, count, offset, (size_t)size);
  UNLOCK;
  return size;
}

static ssize_t write_on(int file, const struct iovec *parts, int count) {
  if (!is_ours(file)) return syscall(SYS_writev, file, parts, count);
  LOCK;
  ssize_t size = syscall(SYS_writev, file, parts, count);
  if (size > 0) wrote(file, parts, count, lseek64(file, 0, SEEK_CUR) - size, (size_t)size);
  UNLOCK;
  return size;
}

ssize_t pwrite(int f, const void *o, size_t n, off_t at) { struct iovec p = {(void *)o, n}; return write_at(f, &p, 1, at); }
ssize_t pwrite64(int f, const void *o, size_t n, off64_t at) { struct iovec p = {(void *)o, n}; return write_at(f, &p, 1, at); }
ssize_t pwritev(int f, const struct iovec *p, int n, off_t at) { return write_at(f, p, n, at); }
ssize_t pwritev64(int f, const struct iovec *p, int n, off64_t at) { return write_at(f, p, n, at); }
ssize_t writev(int f, const struct iovec *p, int n) { return write_on(f, p, n); }
ssize_t write(int f, const void *o, size_t n) {
  if (!is_ours(f)) return syscall(SYS_write, f, o, n);
  struct iovec p = {(void *)o, n};
  return write_on(f, &p, 1);
}

int ftruncate64(int file, off64_t size) {
  if (!is_ours(file)) return (int)syscall(SYS_ftruncate, file, size);
  LOCK;
  int result = (int)syscall(SYS_ftruncate, file, size);
  if (result == 0) note(CUT, inode_of(file), (uint64_t)size, NULL, NULL, NULL, 0);
  UNLOCK;
  return result;
}
int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

int truncate64(const char *path, off64_t size) {
  int file = open_it(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  if (file < 0) return -1;
  int result = ftruncate64(file, size);
  close(file);
  return result;
}
int truncate(const char *path, off_t size) { return truncate64(path, size); }

int posix_fallocate64(int file, off64_t offset, off64_t size) {
  if (!is_ours(file)) return REAL(posix_fallocate64)(file, offset, size);
  LOCK;
  int result = syscall(SYS_fallocate, file, 0, offset, size) == 0 ? 0 : errno;
  struct stat about;
  if (result == 0 && fstat(file, &about) == 0) note(CUT, about.st_ino, (uint64_t)about.st_size, NULL, NULL, NULL, 0);
  UNLOCK;
  return result;
}
int posix_fallocate(int file, off_t offset, off_t size) { return posix_fallocate64(file, offset, size); }

static int sync_it(int file) {
  if (!is_ours(file)) return 0;
  if (sync_microseconds) usleep(sync_microseconds);
  while (access(stopper, F_OK) == 0) usleep(1000);
  LOCK;
  struct stat about;
  int result = fstat(file, &about);
  if (result == 0 && S_ISDIR(about.st_mode)) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size > 0) { path[size] = 0; note(SYNCED_FOLDER, 0, 0, path, NULL, NULL, 0); }
  } else if (result == 0) {
    note(SYNCED, about.st_ino, 0, NULL, NULL, NULL, 0);
  }
  UNLOCK;
  return result;
}
int fsync(int file) { return sync_it(file); }
int fdatasync(int file) { return sync_it(file); }

static int rename_it(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  char a[PATH_MAX], b[PATH_MAX];
  int here = locate(from_folder, from, a) && locate(to_folder, to, b);
  if (!here) return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
  LOCK;
  int result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
  if (result == 0) note(RENAMED, 0, 0, a, b, NULL, 0);
  UNLOCK;
  return result;
}
int rename(const char *from, const char *to) { return rename_it(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int ff, const char *from, int tf, const char *to) { return rename_it(ff, from, tf, to, 0); }
int renameat2(int ff, const char *from, int tf, const char *to, unsigned flags) { return rename_it(ff, from, tf, to, flags); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  char a[PATH_MAX], b[PATH_MAX];
  int here = locate(from_folder, from, a) && locate(to_folder, to, b);
  LOCK;
  int result = (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
  if (result == 0 && here) note(LINKED, 0, 0, a, b, NULL, 0);
  UNLOCK;
  return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, const char *path, int flags) {
  char place[PATH_MAX];
  int here = locate(folder, path, place);
  LOCK;
  int result = (int)syscall(SYS_unlinkat, folder, path, flags);
  if (result == 0 && here) note(UNLINKED, 0, 0, place, NULL, NULL, 0);
  UNLOCK;
  return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) {
  int result = unlink(path);
  return result != 0 && (errno == EISDIR || errno == EPERM) ? rmdir(path) : result;
}

int mkdirat(int folder, const char *path, mode_t mode) {
  char place[PATH_MAX];
  int here = locate(folder, path, place);
  LOCK;
  int result = (int)syscall(SYS_mkdirat, folder, path, mode);
  if (result == 0 && here) note(FOLDER_MADE, 0, 0, place, NULL, NULL, 0);
  UNLOCK;
  return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
