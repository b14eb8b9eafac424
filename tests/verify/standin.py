"""A process that stands in for a part: it leaves the result it was given, after a while, and ends with its code."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType


def main(out: str, given: str) -> int:
    place = Path(out)
    place.mkdir(parents=True)
    asked = json.loads(given)

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        if asked["document"]:
            held = asked["document"] | {"verdict": "inconclusive", "exit_code": 130}
            (place / "run.json").write_text(json.dumps(held))
        sys.exit(130)

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    (place / "ready").touch()
    time.sleep(asked["seconds"])
    if asked["document"]:
        (place / "run.json").write_text(json.dumps(asked["document"]))
    return int(asked["code"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
