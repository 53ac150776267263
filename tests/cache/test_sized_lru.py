"""Values in memory: bounded in bytes, within the one budget."""

from __future__ import annotations

import threading

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.sized_lru import SizedLru
from imgmiddleware.cache.store import Holding


def sized_lru(most: int, total: int = 1000) -> tuple[SizedLru[str, str], MemoryBudget]:
    budget = MemoryBudget(total)
    return SizedLru(most, budget), budget


def test_the_least_recently_read_goes_first() -> None:
    held, budget = sized_lru(100)
    for key in "abcd":
        held.put(key, key.upper(), 25, "tag")
    assert held.get("a") == "A"
    held.put("e", "E", 25, "tag")
    assert [held.get(key) for key in "abcde"] == ["A", None, "C", "D", "E"]
    assert held.holding() == Holding(4, 100, 100)
    assert budget.free == 900


def test_a_value_put_again_weighs_once() -> None:
    held, budget = sized_lru(100)
    held.put("a", "1", 20, "tag")
    held.put("a", "2", 10, "tag")
    assert (held.get("a"), held.holding(), budget.free) == ("2", Holding(1, 10, 100), 990)


def test_one_value_takes_a_fourth_at_most() -> None:
    held, budget = sized_lru(100)
    held.put("a", "A", 26, "tag")
    assert (held.takes(26), held.takes(25)) == (False, True)
    assert (held.get("a"), budget.free) == (None, 1000)


def test_nothing_is_held_that_does_not_fit_into_the_budget() -> None:
    held, budget = sized_lru(100, total=50)
    assert budget.reserve(40)
    held.put("a", "A", 11, "tag")
    held.put("b", "B", 10, "tag")
    assert (held.get("a"), held.get("b"), budget.free) == (None, "B", 0)


def test_nothing_gives_way_where_that_would_not_be_enough() -> None:
    """A thread that waits for others' renders looks ten times a second."""
    held, budget = sized_lru(100, total=100)
    held.put("a", "A", 25, "tag")
    assert budget.reserve(50)
    assert not budget.reserve(51)
    assert held.get("a") == "A"
    assert budget.reserve(50)
    assert (held.get("a"), budget.free) == (None, 0)
    budget.release(50)
    assert budget.reserve(50)


def test_what_is_cached_gives_way_to_what_is_made() -> None:
    budget = MemoryBudget(100)
    first: SizedLru[str, str] = SizedLru(100, budget)
    second: SizedLru[str, str] = SizedLru(100, budget)
    for number in range(2):
        first.put(f"{number}", "", 20, "tag")
        second.put(f"{number}", "", 25, "tag")
    assert budget.free == 10
    assert budget.reserve(30)  # one of the first, which was the first to be told of
    assert (first.holding().entries, second.holding().entries, budget.free) == (1, 2, 0)
    assert budget.reserve(60)  # its other one, and both of the second
    assert (first.holding().entries, second.holding().entries, budget.free) == (0, 0, 10)
    assert not budget.reserve(11)
    budget.release(90)
    assert budget.free == 100


def test_a_claim_of_more_than_there_is_takes_all() -> None:
    budget = MemoryBudget(100)
    assert budget.reserve(1000)
    assert not budget.reserve(1)
    budget.release(1000)
    assert budget.free == 100


def test_purge_lets_go_of_one_original() -> None:
    held, budget = sized_lru(100)
    for key, tag in (("a", "x"), ("b", "y"), ("c", "x")):
        held.put(key, key, 10, tag)
    assert held.purge("x") == 2
    assert [held.get(key) for key in "abc"] == [None, "b", None]
    held.clear()
    assert (held.get("b"), budget.free) == (None, 1000)


def test_threads_never_lose_a_byte_of_the_budget() -> None:
    held, budget = sized_lru(200)

    def churn(seed: int) -> None:
        for number in range(500):
            held.put(f"{(seed * number) % 37}", "", 1 + number % 40, f"{number % 5}")
            held.get(f"{number % 37}")
            if number % 50 == 0:
                held.purge("3")
                if budget.reserve(900):
                    budget.release(900)

    threads = [threading.Thread(target=churn, args=(seed,)) for seed in (3, 5, 7, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert held.holding().bytes == 1000 - budget.free <= 200
    held.clear()
    assert budget.free == 1000


def test_clear_takes_what_another_thread_puts_or_reads_meanwhile() -> None:
    class Busy(SizedLru[str, str]):
        def shrink(self, size: int) -> None:
            self.put("new", "N", 25, "tag")
            self.get("old")
            super().shrink(size)

    held = Busy(100, MemoryBudget(1000))
    held.put("old", "O", 20, "tag")
    held.clear()
    assert (held.get("old"), held.holding()) == (None, Holding(0, 0, 100))
