"""Loans: idle slots that the holder of one borrows, each for a further thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from imgmiddleware.lending.lender import Recalled
from imgmiddleware.service.admission.threads import THREADS


class Loan:
    """A slot, with the bytes that are taken for it, until it is recalled or given back."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.recalled = False


class Bank(Protocol):
    """The owner of the slots."""

    @property
    def has_idle(self) -> bool: ...
    def lend(self, size: int) -> Loan | None: ...
    def give_back(self, loan: Loan) -> None: ...


class Borrower:
    """The loans of one render, none of which outlasts it for longer than a piece."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._loans: list[Loan] = []

    @property
    def has_idle(self) -> bool:
        """Whether a slot may be lent now."""
        return self._bank.has_idle

    def lend(self, work: Callable[[Recalled], object], size: int) -> bool:
        """As `Lender.lend` says; the thread is one of the service's."""
        loan = self._bank.lend(size)
        if loan is None:
            return False

        def run() -> None:
            try:
                work(lambda: loan.recalled)
            finally:
                self._bank.give_back(loan)

        self._loans.append(loan)
        try:
            THREADS.start(run)
        except RuntimeError:  # no more threads
            self._bank.give_back(loan)
            return False
        return True

    def end(self) -> None:
        """The render is over, or has failed: all its helpers are to stop."""
        for loan in self._loans:
            loan.recalled = True
