"""The filter of system calls, run by an interpreter of its instructions (seccomp(2), BPF)."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from imgmiddleware.isolation import seccomp
from imgmiddleware.isolation.bpf import ALLOW, KILL, error
from imgmiddleware.isolation.seccomp import MACHINES, filter_for, rules

EPERM, ENOSYS = error(1), error(38)
PROCESS = 4321
X86, ARM = MACHINES["x86_64"], MACHINES["aarch64"]


def run(code: bytes, machine: int, number: int, *arguments: int) -> int:
    """The program's verdict on a call: `struct seccomp_data` is number, machine, ip, six words."""
    data = struct.pack("=IIQ6Q", number, machine, 0, *(*arguments, *[0] * 6)[:6])
    instructions = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    at, held = 0, 0
    while True:
        kind, if_so, if_not, value = instructions[at]
        at += 1
        if kind == 0x20:
            (held,) = struct.unpack_from("=I", data, value)
        elif kind == 0x06:
            return int(value)
        else:
            so = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[kind]
            at += if_so if so else if_not


def decided(number: int, *arguments: int) -> int:
    return run(filter_for(X86, PROCESS), X86.mark, number, *arguments)


@pytest.mark.parametrize(
    ("call", "becomes"),
    [
        ((0,), ALLOW),  # read
        ((202,), ALLOW),  # futex
        ((257,), EPERM),  # openat
        ((2,), EPERM),  # open
        ((87,), EPERM),  # unlink
        ((319,), EPERM),  # memfd_create
        ((41, 2), KILL),  # socket
        ((59,), KILL),  # execve
        ((57,), KILL),  # fork
        ((56, 0x10F00), ALLOW),  # clone, of a thread
        ((56, 0x11), KILL),  # clone, as fork does it
        ((435,), ENOSYS),  # clone3
        ((9, 0, 4096, 3), ALLOW),  # mmap, to read and write
        ((9, 0, 4096, 5), EPERM),  # mmap, to execute
        ((10, 0, 4096, 4), EPERM),  # mprotect
        ((234, PROCESS, 1, 6), ALLOW),  # tgkill, as abort does
        ((234, 1, 1, 9), KILL),
        ((262, 3, 0, 0, 0x1000), ALLOW),  # newfstatat, of a descriptor
        ((262, 3, 0, 0, 0), EPERM),
        ((16, 3, 0x5421), ALLOW),  # ioctl, FIONBIO
        ((16, 0, 0x5412), EPERM),  # TIOCSTI
        ((157, 15), ALLOW),  # prctl, a thread's name
        ((157, 22), EPERM),
        ((0x40000000,), KILL),  # x32
    ],
)
def test_a_call(call: tuple[int, ...], becomes: int) -> None:
    assert decided(*call) == becomes


def test_another_machines_calls_kill() -> None:
    code = filter_for(X86, PROCESS)
    assert run(code, 0x40000003, 0) == KILL  # i386, by int 0x80
    assert run(code, ARM.mark, 0) == KILL
    assert run(filter_for(ARM, PROCESS), ARM.mark, 63) == ALLOW
    assert run(filter_for(ARM, PROCESS), ARM.mark, 56) == EPERM  # openat


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_no_call_has_two_rules(machine: seccomp.Machine) -> None:
    numbers = [rule.number for rule in rules(machine, PROCESS)]
    assert len(numbers) == len(set(numbers))


NAMED = {**seccomp._COMPUTING, **seccomp._OPEN, **seccomp._DEADLY}
HEADERS = {
    0: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    1: Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("column", HEADERS)
def test_the_numbers_are_those_of_the_kernels_headers(column: int) -> None:
    if not HEADERS[column].exists():
        pytest.skip("the kernel's headers are not installed")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[column].read_text())
    known = {name: int(number) for name, number in found}
    for name, numbers in NAMED.items():
        assert known.get(name, -1) == numbers[column], name
