"""A filter of system calls as a program of the kernel's BPF (seccomp(2), `struct seccomp_data`)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

#: The verdict on a call.
ALLOW, KILL = 0x7FFF0000, 0x80000000
_ERRNO = 0x00050000

#: Instructions: load a word, jump where it is equal, at least, or has bits; return.
_LOAD, _EQUAL, _LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
#: The places of the words: the number of the call, the machine, the low halves of the arguments.
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_ARGUMENT = 8
#: Numbers from here on belong to x86's other calling convention.
_X32 = 0x40000000


def error(number: int) -> int:
    """The action that makes the call return this error."""
    return _ERRNO | number


@dataclass(frozen=True)
class Condition:
    """The condition on an argument: one of these values, or all or none of some bits.

    Only the lower 32 bits are compared: flags, options and process numbers have no more.
    """

    argument: int
    equal: tuple[int, ...] = ()
    bits: int = 0  # all of them are set
    without: int = 0  # none of them is


@dataclass(frozen=True)
class Rule:
    """The verdict on a call of this number; where the condition does not hold, `otherwise`."""

    number: int
    action: int = ALLOW
    condition: Condition | None = None
    otherwise: int = error(1)  # EPERM


def program(machine: int, rules: Iterable[Rule], default: int) -> bytes:
    """The instructions. A call of another machine's convention kills, too."""
    code = [_load(_MACHINE), _jump(_EQUAL, machine, 1, 0), _return(KILL), _load(_NUMBER)]
    code += [_jump(_LEAST, _X32, 0, 1), _return(KILL)]
    for rule in rules:
        body = _body(rule)
        code += [_jump(_EQUAL, rule.number, 0, len(body)), *body]
    return b"".join((*code, _return(default)))


def _body(rule: Rule) -> list[bytes]:
    """The instructions for a call with the rule's number, which always return."""
    allowed, refused = _return(rule.action), _return(rule.otherwise)
    if rule.condition is None:
        return [allowed]
    its = rule.condition
    code = [_load(_ARGUMENTS + _ARGUMENT * its.argument)]
    if its.bits:
        return [*code, _jump(_BITS, its.bits, 0, 1), allowed, refused]
    if its.without:
        return [*code, _jump(_BITS, its.without, 1, 0), allowed, refused]
    for value in its.equal:
        code += [_jump(_EQUAL, value, 0, 1), allowed]
    return [*code, refused]


def _load(offset: int) -> bytes:
    return _instruction(_LOAD, 0, 0, offset)


def _jump(how: int, value: int, if_so: int, if_not: int) -> bytes:
    return _instruction(how, if_so, if_not, value)


def _return(action: int) -> bytes:
    return _instruction(_RETURN, 0, 0, action)


def _instruction(code: int, if_so: int, if_not: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, value)
