"""Bit fields, as the headers of video and picture coders have them."""

from imgmiddleware.errors import damaged


class Bits:
    """Bit fields from the highest bit of each byte down. `of` names the data, for errors."""

    def __init__(self, data: bytes, of: str) -> None:
        self._value, self._left, self._of = int.from_bytes(data, "big"), 8 * len(data), of

    def take(self, count: int) -> int:
        """The next bits as a number. Raises 422 where there are fewer."""
        self._spend(count)
        return self._value >> self._left & ((1 << count) - 1)

    def zeros(self, most: int = 2**32) -> int:
        """The number of zeros up to the next one, which is taken too. Where there are more than
        `most`, it is `most` + 1, and no bit behind them is taken.
        """
        count = 0
        while count <= most and not self.take(1):
            count += 1
        return count

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise damaged(f"{self._of} is cut short")


class LowBits(Bits):
    """Bit fields from the lowest bit of each byte up."""

    def __init__(self, data: bytes, of: str) -> None:
        super().__init__(data, of)
        self._value = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        self._spend(count)
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        return value
