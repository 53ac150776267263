"""Starlette and FastAPI: a route that answers with pictures, after the checks of any dependencies.

`ImageService.handle` waits for pixels, so such a route is a plain function, not an async one: then
it runs in one of the framework's threads.
"""

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from imgmiddleware.asgi.scope import fields, read, send_body, sends_paths
from imgmiddleware.frameworks.asked import asked
from imgmiddleware.messages import FileBody, ImageRequest, ImageResponse


def image_request(request: Request, id: object = None, *, prefix: str = "/image/") -> ImageRequest:
    """The request for `ImageService.handle`.

    Give `id` where the path of the route does not have the original's ID in the service's form;
    `prefix` is then the service's.

    >>> scope = {"type": "http", "method": "GET", "path": "/me", "query_string": b"w=64"}
    >>> made = image_request(Request(scope | {"headers": []}), "ann/face.jpg")
    >>> made.path, made.query
    ('/image/ann/face.jpg', 'w=64')
    """
    return asked(read(request.scope), id, prefix)


def response(answer: ImageResponse | None) -> Response:
    """The answer as a response of Starlette, to the letter; middleware may add to it.

    A large picture is sent as a file, which is closed then. None, the answer of a service with
    `missing="pass"`, is the framework's own 404: this raises `starlette.exceptions.HTTPException`.

    >>> response(ImageResponse(304, (("ETag", '"a"'),))).raw_headers
    [(b'etag', b'"a"')]
    """
    if answer is None:
        raise HTTPException(404)
    return _Picture(answer)


class _Picture(Response):
    """Starlette's own responses would take a file's path, or bytes, and compute their headers."""

    def __init__(self, answer: ImageResponse) -> None:
        super().__init__(answer.body if isinstance(answer.body, bytes) else None, answer.status)
        self.raw_headers = fields(answer.headers)
        self._content = answer.body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = {"type": "http.response.start", "status": self.status_code}
        content = self._content
        try:
            if isinstance(content, FileBody) and content.whole and sends_paths(scope):
                content = await to_thread.run_sync(content.named)
            await send({**head, "headers": self.raw_headers})
            await send_body(content, scope, send)
        finally:
            if isinstance(content, FileBody):
                content.close()
        if self.background is not None:
            await self.background()
