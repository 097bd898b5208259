"""The names of system calls, for reports: those that a refresh makes, by processor."""

from __future__ import annotations

import platform

X86_64 = {
    "read": 0, "write": 1, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8,
    "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
    "ioctl": 16, "access": 21, "madvise": 28, "socket": 41, "connect": 42, "sendto": 44,
    "recvfrom": 45, "shutdown": 48, "getsockname": 51, "setsockopt": 54, "getsockopt": 55,
    "clone": 56, "exit": 60, "kill": 62, "fcntl": 72, "flock": 73, "fsync": 74, "fdatasync": 75,
    "getcwd": 79, "rename": 82, "mkdir": 83, "link": 86, "unlink": 87, "chmod": 90, "getuid": 102,
    "geteuid": 107, "gettid": 186, "futex": 202, "getdents64": 217, "clock_nanosleep": 230,
    "exit_group": 231, "openat": 257, "newfstatat": 262, "set_robust_list": 273, "dup3": 292,
    "getrandom": 318, "rseq": 334, "clone3": 435, "faccessat2": 439,
}  # fmt: skip

GENERIC = {
    "getcwd": 17, "fcntl": 25, "ioctl": 29, "flock": 32, "mkdirat": 34, "unlinkat": 35,
    "linkat": 37, "renameat": 38, "ftruncate": 46, "faccessat": 48, "openat": 56, "close": 57,
    "getdents64": 61, "lseek": 62, "read": 63, "write": 64, "ppoll": 73, "newfstatat": 79,
    "fstat": 80, "fsync": 82, "fdatasync": 83, "exit": 93, "exit_group": 94, "futex": 98,
    "set_robust_list": 99, "clock_nanosleep": 115, "kill": 129, "rt_sigaction": 134,
    "rt_sigprocmask": 135, "getuid": 174, "geteuid": 175, "gettid": 178, "socket": 198,
    "connect": 203, "getsockname": 204, "sendto": 206, "recvfrom": 207, "setsockopt": 208,
    "getsockopt": 209, "shutdown": 210, "brk": 214, "munmap": 215, "clone": 220, "mmap": 222,
    "mprotect": 226, "madvise": 233, "renameat2": 276, "getrandom": 278, "rseq": 293,
    "clone3": 435, "faccessat2": 439,
}  # fmt: skip
"""What arm64, riscv64 and all newer ones share."""

TABLE = X86_64 if platform.machine() == "x86_64" else GENERIC
NAMES = {number: name for name, number in TABLE.items()}


def name_of(number: int) -> str:
    return NAMES.get(number, f"call {number}")
