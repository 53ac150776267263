"""In front of the documented application: notes each picture that is made, and may be another engine.

A line of the journal is `PID`. While a file named `hold` lies beside the journal, a process that
has noted its line waits.
"""

import os as _os
import time as _time
from dataclasses import replace as _replace
from pathlib import Path as _Path

from imgmiddleware.imaging import engine as _engine
from imgmiddleware.service.making import stills as _stills

_JOURNAL = _Path(_os.environ["FLEET_JOURNAL"])
_HOLD = _JOURNAL.with_name("hold")
_OTHER = _os.environ.get("FLEET_ENGINE", "")
_render = _stills.render
_text = _engine.engine()


def _noted(*arguments):
    with _JOURNAL.open("a") as journal:
        journal.write(f"{_os.getpid()}\n")
    for _ in range(6000):
        if not _HOLD.exists():
            break
        _time.sleep(0.01)
    made = _render(*arguments)
    # Bytes after a JPEG's end are no part of the picture: they differ as another engine's would.
    return _replace(made, body=made.body + _OTHER.encode())


_stills.render = _noted
_engine.engine = lambda: _text + _OTHER
