"""The picture of the README: the page of `imgmiddleware demo` in Chromium.

python docs/screenshot.py [docs/serve.jpg]
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

SIZE = (1200, 760)
#: Milliseconds of the page's own clock: its pictures are made meanwhile.
PATIENCE = 20_000


def main(target: str) -> None:
    browser = shutil.which("chromium") or sys.exit("Chromium is missing: apt-get install chromium")
    command = [sys.executable, "-m", "imgmiddleware", "demo", "--port", "0"]
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo,
    ):
        try:
            shot = Path(folder) / "shot.png"
            flags = [
                *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *(f"--user-data-dir={folder}/profile", f"--screenshot={shot}"),
                *(f"--window-size={SIZE[0]},{SIZE[1]}", f"--virtual-time-budget={PATIENCE}"),
            ]
            subprocess.run([browser, *flags, address(demo)], check=True, capture_output=True)
            Image.open(shot).convert("RGB").save(target, quality=82, optimize=True)
        finally:
            demo.terminate()


def address(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout is not None
    for line in demo.stdout:
        if found := re.search(r"http://[\d.:]+/", line):
            return found[0]
    raise SystemExit("the demonstration has not started")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).with_name("serve.jpg")))
