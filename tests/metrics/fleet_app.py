"""The application of docs/metrics.md for several processes; where results are is the test's to say."""

from __future__ import annotations

import os

from metrics.page import snippet

_NAMES = {"os": os}
_GIVEN = '"photos/", cache_dir=os.environ["CACHE"], render_slots=3, '

exec(snippet("processes-example").replace('"photos/", ', _GIVEN), _NAMES)
application = _NAMES["application"]
