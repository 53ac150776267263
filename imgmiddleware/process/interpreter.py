"""The interpreters of a process: mod_wsgi makes one for each application."""

import ctypes


def require_main_interpreter() -> None:
    """Raises `RuntimeError` in a sub-interpreter, with the remedy.

    NumPy and OpenCV enter Python by the simplified API (`PyGILState_Ensure`), which knows the main
    interpreter alone. There a thread of a sub-interpreter waits for itself, and with it the whole
    application. See "Bugs and caveats" of CPython's page on sub-interpreters.

    >>> require_main_interpreter()
    """
    if not _is_main():
        raise RuntimeError(
            "imgmiddleware was started in a sub-interpreter, where NumPy and OpenCV hang. "
            "Under mod_wsgi put this into Apache's configuration: "
            "WSGIApplicationGroup %{GLOBAL}"
        )


def _is_main() -> bool:
    here, main = (
        ctypes.PYFUNCTYPE(ctypes.c_void_p)((f"PyInterpreterState_{name}", ctypes.pythonapi))
        for name in ("Get", "Main")
    )
    return bool(here() == main())
