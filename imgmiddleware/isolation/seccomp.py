"""The system calls that a worker may make: those for computing and for its wire, and no others.

Some libraries try calls in vain: they open a file, as many look for the number of processors. Such
a call is refused with EPERM, and the library goes on without it. A call that no library makes
(another program, a socket, another process) kills the worker: foreign code has taken it over.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from dataclasses import dataclass

from imgmiddleware.isolation.bpf import ALLOW, KILL, Condition, Rule, error, program

#: seccomp(2): set a filter, in all threads.
_SET_FILTER, _ALL_THREADS = 1, 1
_NO_NEW_PRIVILEGES = 38
_EPERM, _ENOSYS = 1, 38

#: Allowed whatever their arguments: by name, with their numbers on x86_64 and aarch64 (the kernel's
#: syscall_64.tbl and asm-generic/unistd.h). -1: there is no such call.
_COMPUTING = {
    "brk": (12, 214),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "futex": (202, 98),
    "membarrier": (324, 283),
    "rseq": (334, 293),
    "set_robust_list": (273, 99),
    "gettid": (186, 178),
    "getpid": (39, 172),
    "getcpu": (309, 168),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sysinfo": (99, 179),
    "getrusage": (98, 165),
    "getrandom": (318, 278),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
#: The same on open descriptors.
_OPEN = {
    "read": (0, 63),
    "readv": (19, 65),
    "pread64": (17, 67),
    "preadv": (295, 69),
    "preadv2": (327, 286),
    "write": (1, 64),
    "writev": (20, 66),
    "pwrite64": (18, 68),
    "lseek": (8, 62),
    "fstat": (5, 80),
    "close": (3, 57),
    "poll": (7, -1),
    "ppoll": (271, 73),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
}
#: Calls that kill: programs, processes, sockets, and calls into other processes or the kernel.
_DEADLY = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, -1),
    "vfork": (58, -1),
    "kill": (62, 129),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
}
#: Bits of clone(2), mmap(2) and fstatat(2).
_THREAD, _EXECUTABLE, _EMPTY_PATH = 0x10000, 0x4, 0x1000
#: Orders of ioctl(2) and fcntl(2), and an option of prctl(2): of one descriptor, of a name.
_FIONBIO, _FIONCLEX, _FIOCLEX = 0x5421, 0x5450, 0x5451
_F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL, _F_DUPFD_CLOEXEC = 1, 2, 3, 4, 1030
_SET_NAME = 15


@dataclass(frozen=True)
class Machine:
    """A processor: its mark in `struct seccomp_data`, seccomp's own number, and its column."""

    mark: int
    seccomp: int
    column: int


MACHINES = {"x86_64": Machine(0xC000003E, 317, 0), "aarch64": Machine(0xC00000B7, 277, 1)}


def close() -> bool:
    """Close this process and all its threads, for good; returns whether this kernel and machine
    can.

    Raises `OSError` where they should and do not.
    """
    machine = MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    if machine is None or sys.maxsize < 2**32:
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    code = filter_for(machine, os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    filter = _Program(len(code) // 8, ctypes.addressof(buffer))
    returned = library.syscall(machine.seccomp, _SET_FILTER, _ALL_THREADS, ctypes.byref(filter))
    if returned == 0:
        return True
    number = ctypes.get_errno()
    if number == _ENOSYS:
        return False
    raise OSError(number, f"seccomp: {os.strerror(number)}")


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def filter_for(machine: Machine, process: int) -> bytes:
    """The program for a worker of this number."""
    return program(machine.mark, rules(machine, process), error(_EPERM))


def rules(machine: Machine, process: int) -> list[Rule]:
    """The verdict on each call; all others are refused with EPERM."""
    column = machine.column
    plain = [_numbers[column] for _numbers in (*_COMPUTING.values(), *_OPEN.values())]
    deadly = [_numbers[column] for _numbers in _DEADLY.values()]
    return [
        *(Rule(number) for number in plain if number >= 0),
        *_conditional(column, process),
        *(Rule(number, KILL) for number in deadly if number >= 0),
    ]


def _conditional(column: int, process: int) -> list[Rule]:
    """Threads, no processes; no code but what is loaded; signals to itself, as `abort` sends one.

    A filter cannot see the arguments of `clone3`: where that is missing, libraries call `clone`.
    """

    def rule(x86_64: int, aarch64: int, condition: Condition, otherwise: int) -> Rule:
        return Rule((x86_64, aarch64)[column], ALLOW, condition, otherwise)

    refused = error(_EPERM)
    descriptors = _F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL, _F_DUPFD_CLOEXEC
    return [
        rule(9, 222, Condition(2, without=_EXECUTABLE), refused),  # mmap
        rule(10, 226, Condition(2, without=_EXECUTABLE), refused),  # mprotect
        rule(56, 220, Condition(0, bits=_THREAD), KILL),  # clone
        Rule(435, error(_ENOSYS)),  # clone3
        rule(234, 131, Condition(0, equal=(process,)), KILL),  # tgkill
        rule(262, 79, Condition(3, bits=_EMPTY_PATH), refused),  # newfstatat
        rule(16, 29, Condition(1, equal=(_FIONBIO, _FIONCLEX, _FIOCLEX)), refused),  # ioctl
        rule(72, 25, Condition(1, equal=descriptors), refused),  # fcntl
        rule(157, 167, Condition(0, equal=(_SET_NAME,)), refused),  # prctl
    ]
