"""Measures how often `assay trend` cries wolf, and how soon it sees a step, on synthetic nights.

Run it from the root of the repository:

    python benchmarks/trend_power.py [--series 100] [--quiet-nights 100] [--seed 1] [--only NAME]

Every night is judged as it would have been in its morning, by the nights before it, with the rules that
`assay trend` has by default. For each kind of noise it prints false alarms in 100 quiet nights (nights with
exit code 1, and in brackets how many times an alarm began), and for steps of 10, 20 and 40 % the share of
series in which the step was seen within 10 nights, with the median delay in nights of those. Two rules that
people use are judged on the same nights: 10 % above the previous night, and 10 % above the median of the
seven before. Exit code 1 when a kind of noise that is held to the limits (0.5 false alarms in 100 nights;
a 20 % step in 75 % of series) is beyond them. A hundred series take some minutes.
"""

import argparse
import math
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reports.compare.change import Change
from reports.trend.judging import DEFAULT, judge
from reports.trend.measures import ALL, Key
from reports.trend.nights import Night, Nights

LEAD_IN = 40
"""Nights before those that are counted."""

WITHIN = 10
STEPS = (1.1, 1.2, 1.4)
MOST_ALARMS = 0.5
LEAST_SEEN = 75.0

Alarm = Callable[[np.ndarray], bool]
"""Tells whether the newest night raises an alarm; nights have the shape (nights, series)."""


@dataclass(frozen=True)
class Noise:
    """How nights differ while nothing changes.

    Attributes:
        spread: standard deviation of the logarithm.
        alike: correlation of a night with the one before.
        wild: share of nights that are 1.3 to 3 times as slow.
        operations: operations that are measured, each by p50 and p99; half of the variance is the host's own.
        held: whether the limits apply; the others show where the method ends.
    """

    spread: float
    alike: float = 0.0
    wild: float = 0.0
    operations: int = 0
    held: bool = True


NOISES = {
    "5 %": Noise(0.05),
    "10 %": Noise(0.1),
    "8 %, alike 0.3": Noise(0.08, alike=0.3),
    "8 %, alike 0.2, wild 4 %": Noise(0.08, alike=0.2, wild=0.04),
    "10 %, wild 5 %": Noise(0.1, wild=0.05),
    "10 %, alike 0.4": Noise(0.1, alike=0.4, held=False),
    "8 %, 8 operations": Noise(0.08, operations=8),
}


def main() -> int:
    """Run the study; return the exit code."""
    options = _parser().parse_args()
    chosen = {name: noise for name, noise in NOISES.items() if options.only in {None, name}}
    missed = False
    _say(f"{'noise':<26}{'rule':<12}{'false alarms':>16}" + "".join(f"{step - 1:>12.0%} step" for step in STEPS))
    for name, noise in chosen.items():
        rules: dict[str, Alarm] = {"assay trend": _ours}
        if not noise.operations:
            rules |= {"previous": _above_previous, "rolling": _above_rolling_median}
        for rule, alarm in rules.items():
            alarms, begun = quiet(noise, alarm, options)
            seen = [stepped(noise, step, alarm, options) for step in STEPS]
            cells = "".join(f"{share:>8.0f} % @{delay:>4.0f} n" for share, delay in seen)
            _say(f"{name:<26}{rule:<12}{alarms:>8.2f} ({begun:.2f}){cells}")
            if rule == "assay trend" and noise.held:
                missed |= alarms > MOST_ALARMS or seen[1][0] < LEAST_SEEN
    return 1 if missed else 0


def quiet(noise: Noise, alarm: Alarm, options: argparse.Namespace) -> tuple[float, float]:
    """Return false alarms in 100 nights, and how many times an alarm began."""
    rng = np.random.default_rng(options.seed)
    alarms = begun = 0
    for _ in range(options.series):
        nights = _nights(noise, LEAD_IN + options.quiet_nights, rng)
        before = False
        for end in range(LEAD_IN + 1, nights.shape[0] + 1):
            now = alarm(nights[:end])
            alarms += now
            begun += now and not before
            before = now
    judged = options.series * options.quiet_nights
    return 100 * alarms / judged, 100 * begun / judged


def stepped(noise: Noise, step: float, alarm: Alarm, options: argparse.Namespace) -> tuple[float, float]:
    """Return the share of series in which a step was seen in time, in percent, and the median delay in nights."""
    rng = np.random.default_rng(options.seed + 1)
    delays: list[int] = []
    for _ in range(options.series):
        nights = _nights(noise, LEAD_IN + WITHIN, rng)
        # With several operations one of them alone becomes slower, which is the hard case.
        slower = slice(2, 4) if noise.operations else slice(None)
        nights[LEAD_IN:, slower] *= step
        seen = next((delay for delay in range(1, WITHIN + 1) if alarm(nights[: LEAD_IN + delay])), None)
        delays += [] if seen is None else [seen]
    return 100 * len(delays) / options.series, statistics.median(delays) if delays else math.nan


def _nights(noise: Noise, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return milliseconds, shape (nights, series); the first two series are of all operations."""
    if not noise.operations:
        return np.asarray(100 * np.exp(_walk(noise, count, 1, rng)))
    host = _walk(noise, count, 1, rng) * math.sqrt(0.5)
    own = _walk(noise, count, 2 * (noise.operations + 1), rng) * math.sqrt(0.5)
    return np.asarray(100 * np.exp(host + own))


def _walk(noise: Noise, count: int, series: int, rng: np.random.Generator) -> np.ndarray:
    values = rng.standard_normal((count, series))
    for night in range(1, count):
        values[night] = noise.alike * values[night - 1] + math.sqrt(1 - noise.alike**2) * values[night]
    wild = rng.random((count, series)) < noise.wild
    return noise.spread * values + wild * rng.uniform(math.log(1.3), math.log(3), (count, series))


def _ours(nights: np.ndarray) -> bool:
    shown = nights[-(DEFAULT.newest + DEFAULT.before) :]
    names = [ALL if place < 2 else f"operation {place // 2}" for place in range(shown.shape[1])]
    keys = [Key(name, ("p50", "p99")[place % 2]) for place, name in enumerate(names)]
    found = tuple(
        Night(Path(str(place)), f"{place:04}", "", {}, dict(zip(keys, map(float, row), strict=True)))
        for place, row in enumerate(shown)
    )
    return judge(Nights(found, (), 0)).change is Change.WORSE


def _above_previous(nights: np.ndarray) -> bool:
    return bool(nights[-1, 0] > 1.1 * nights[-2, 0])


def _above_rolling_median(nights: np.ndarray) -> bool:
    return bool(nights[-1, 0] > 1.1 * np.median(nights[-8:-1, 0]))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=100, help="series of each kind")
    parser.add_argument("--quiet-nights", type=int, default=100, help="quiet nights judged in each series")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(NOISES), help="one kind of noise")
    return parser


if __name__ == "__main__":
    sys.exit(main())
