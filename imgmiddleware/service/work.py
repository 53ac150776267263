"""What is left of a request that needs pixels."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from imgmiddleware.errors import ImageError
from imgmiddleware.messages import ImageRequest, ImageResponse, Result
from imgmiddleware.service import answers, refusals, timing
from imgmiddleware.service.pictures import Job, Pictures
from imgmiddleware.service.recall import Recall, Seen
from imgmiddleware.settings import Settings


@dataclass(frozen=True, slots=True)
class Work:
    """An answer that needs pixels. It holds its original open: `run` it, or `close` it.

    >>> import numpy as np
    >>> from imgmiddleware import ImageService
    >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8))
    >>> work = service.answer(ImageRequest("GET", "/image/black", "fm=png"))
    >>> work.run().status  # in a thread, where the caller is an event loop
    200
    """

    _pictures: Pictures
    _recall: Recall
    _settings: Settings
    _request: ImageRequest
    _seen: Seen
    _job: Job
    _opened: ExitStack
    _steps: timing.Steps | None = field(default_factory=timing.current)

    def run(self, gone: Callable[[], bool] = lambda: False) -> ImageResponse:
        """Wait for a slot, render, and answer. `gone` is called while it waits: True means that the
        client has hung up. Then this raises `ClientGoneError`.
        """
        request, seen = self._request, self._seen
        with timing.measured(self._steps):
            try:
                # From here on it is closed here, and by nobody who has stopped waiting.
                with self._opened.pop_all(), timing.step("make"):
                    result = self._pictures.make(self._job, gone)
                self._recall.note_shown(request, seen)
                answer = shown(request, seen, result)
            except ImageError as error:
                self._recall.note_failure(seen.page, error)
                return refusals.refused(request, self._job.id, seen.asked, error, self._settings)
            return answers.sent(request, answer, self._settings, seen.asked)

    def close(self) -> None:
        """Close the original of work that nobody runs."""
        self._opened.close()


def shown(request: ImageRequest, seen: Seen, result: Result) -> ImageResponse:
    """The result as an answer, or the part of it that is asked for. Raises `ImageError` (416)."""
    return answers.picture(request, result, shared=seen.validators, download=seen.asked.download)
