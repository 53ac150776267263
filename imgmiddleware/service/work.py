"""The rest of a request that needs pixels."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from imgmiddleware.errors import ImageError
from imgmiddleware.messages import ImageResponse, Result
from imgmiddleware.service import timing
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.pictures import Pictures


@dataclass(frozen=True, slots=True)
class Work:
    """An answer that needs pixels. It holds its original open: `run` it, or `close` it.

    >>> import numpy as np
    >>> from imgmiddleware import ImageRequest, ImageService
    >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8))
    >>> work = service.answer(ImageRequest("GET", "/image/black", "fm=png"))
    >>> work.run().status  # in a thread, where the caller is an event loop
    200
    """

    _pictures: Pictures
    _job: Job
    _opened: ExitStack
    #: The answer with the result, and the answer where there is none.
    _shown: Callable[[Result], ImageResponse]
    _refused: Callable[[ImageError], ImageResponse | Work]
    _steps: timing.Steps | None = field(default_factory=timing.current)

    def run(self, gone: Callable[[], bool] = lambda: False) -> ImageResponse:
        """Wait for a slot, render, and answer. `gone` is called while it waits: True means that the
        client has hung up. Then this raises `ClientGoneError`.
        """
        with timing.measured(self._steps):
            answer = self._made(gone)
            if self._steps is not None:
                self._steps.ended(answer)
            return answer

    def measured(self, steps: timing.Steps | None) -> Work:
        """The same work with other steps."""
        return replace(self, _steps=steps)

    def _made(self, gone: Callable[[], bool]) -> ImageResponse:
        try:
            # From here on this closes the original, and no thread that has stopped waiting does.
            with self._opened.pop_all(), timing.step("make"):
                result = self._pictures.make(self._job, gone)
            return self._shown(result)
        except ImageError as error:
            refused = self._refused(error)
        return refused._made(gone) if isinstance(refused, Work) else refused

    def close(self) -> None:
        """Close the original of work that will not run."""
        self._opened.close()
