"""Inside a framework's own route: its request for the service, and the answer as its response.

- `imgmiddleware.frameworks.flask`
- `imgmiddleware.frameworks.starlette`, for FastAPI too
- `imgmiddleware.frameworks.django`, on WSGI and on ASGI

Each imports its framework, and no other module of the package imports it.
"""
