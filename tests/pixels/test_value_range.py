"""Ranges of values: their forms, percentiles against NumPy's own, and numbers without a place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from imgmiddleware.pixels.value_range import ValueRange, unit


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ((0, 1), "0.0:1.0"),
        ([np.float32(-3), np.int16(7)], "-3.0:7.0"),
        (("2%", "98%"), "2%:98%"),
        (("2.0 %", " 98%"), "2%:98%"),
        ("minmax", "0%:100%"),
        ("auto", "2%:98%"),
        ((0, "99.5%"), "0.0:99.5%"),
        (("1%", -5), "1%:-5.0"),
    ],
)
def test_forms(given: Any, text: str) -> None:
    assert ValueRange.of(given).text == text


@pytest.mark.parametrize(
    "given",
    [
        (1, 1), (2, 1), ("5%", "5%"), ("98%", "2%"), ("0%", "101%"), (0, np.nan), (-np.inf, 1),
        (0, 1e309), (0,), (0, 1, 2), "max", 7, (None, 1), ("2", "98"), ("-1%", "5%"), (0, 10**400),
        ("\N{ARABIC-INDIC DIGIT TWO}%", "98%"), ([0], [1]),
    ],
)  # fmt: skip
def test_what_is_no_range(given: Any) -> None:
    with pytest.raises(ValueError, match=r'range: "minmax", "auto" or \(least, most\)'):
        ValueRange.of(given)


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u1", ">i2", "i4", "u8", "i8", "f2", ">f4", "f8", "g"]
)
def test_percentiles_are_numpys(dtype: str) -> None:
    values: Any = np.random.default_rng(3).normal(0, 40, (37, 11, 3))
    values = (np.abs(values) if dtype in ("?", "u1", "u8") else values).astype(dtype)
    before = values.copy()
    found = ValueRange.of(("2%", "97.3%")).ends(values, None)
    wide = values.astype(np.float64)
    assert found == pytest.approx(np.percentile(wide, [2, 97.3]))
    assert ValueRange.of("minmax").ends(values, None) == (wide.min(), wide.max())
    assert np.array_equal(values, before)


def test_what_is_no_number_and_what_is_left_out_does_not_count() -> None:
    values = np.array([[1.0, 5, np.nan, 2], [np.inf, 900, -np.inf, 3]])[..., None]
    holes = values[..., 0] == 900
    assert ValueRange.of("minmax").ends(values, holes) == (1, 5)
    assert ValueRange.of(("50%", "100%")).ends(values, holes) == (2.5, 5)
    assert ValueRange.of("minmax").ends(np.full((2, 2, 1), np.nan), None) == (0, 0)
    assert ValueRange.of("minmax").ends(values, np.ones((2, 4), bool)) == (0, 0)


def test_a_percentile_keeps_its_digits() -> None:
    values = np.arange(2_000_001)[:, None, None]
    for percent in ("99.99995", "0.00005", "12.345678"):
        [end, _] = ValueRange.of((f"{percent}%", "100%")).ends(values, None)
        assert end == pytest.approx(float(percent) * 20_000)


def test_a_percentile_beyond_the_other_end_is_that_end() -> None:
    assert ValueRange.of((10, "90%")).ends(np.full((2, 2, 1), 3), None) == (10, 10)


def test_units() -> None:
    values = np.array([-1, 0, 1, 2, 4, 5], np.int64)[None, :, None]
    assert unit(values, (0, 4)).ravel().tolist() == [-0.25, 0, 0.25, 0.5, 1, 1.25]
    alike = unit(values, (1, 1)).ravel()
    assert alike[2] == 0
    assert (alike[:2] < 0).all()
    assert (alike[3:] > 1).all()


def test_the_widest_numbers_have_a_place() -> None:
    largest = float(np.finfo(np.float64).max)
    values = np.array([[-largest, 0, largest]])[..., None]
    ends = ValueRange.of("minmax").ends(values, None)
    assert np.isfinite(ends[1] - ends[0])
    assert np.clip(unit(values, ends), 0, 1).ravel().tolist() == [0, 0.5, 1]
    whole = np.array([[0, 2**63, 2**64 - 1]], np.uint64)[..., None]
    assert unit(whole, ValueRange.of("minmax").ends(whole, None)).ravel() == pytest.approx(
        [0, 0.5, 1]
    )
