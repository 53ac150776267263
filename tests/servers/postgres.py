"""A PostgreSQL of one's own: Debian's programs, a new cluster, and a socket for this user alone."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import parts

#: Seconds for initdb, and for the start and the stop.
_PATIENCE = 60


@contextmanager
def cluster() -> Iterator[Mapping[str, str]]:
    """A running cluster; it yields libpq's variables for it.

    It refuses to run as root, and its user cannot reach pytest's own folders.
    """
    programs: Path = parts.need("PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
    try:
        who: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")  # whom Debian's package makes
            who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"

        def run(program: str, *arguments: str) -> None:
            with (folder / f"{program}.txt").open("ab") as log:
                command = [programs / program, "-D", data, *arguments]
                subprocess.run(
                    command, check=True, timeout=_PATIENCE, cwd=folder, stdout=log, stderr=log, **who
                )  # fmt: skip

        run("initdb", "--username=tests", "--auth=trust", "--encoding=UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "start", "--wait", "--log", str(folder / "server.txt"), "-o", options)
        try:
            yield {"PGHOST": str(folder), "PGUSER": "tests", "PGDATABASE": "postgres"}
        finally:
            run("pg_ctl", "stop", "--wait", "--mode", "immediate")
    finally:
        shutil.rmtree(folder)
