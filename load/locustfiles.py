"""What locust itself writes and shows beside ours: its CSV files, its HTML report, its web UI, its log."""

from __future__ import annotations

import csv
import logging
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import gevent
from locust import argument_parser
from locust.env import Environment
from locust.html import get_html_report
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV, StatsCSVFileWriter

from contracts.errors import UsageError
from contracts.record.masking import Masker

STEM: Final = "locust"
"""First part of the names of locust's files in a run directory."""

HOST: Final = "127.0.0.1"
"""Where the web UI listens: it can start and stop load, so it is for this machine alone."""


class _Masked(logging.Filter):
    """Masks what a log line shows.

    Args:
        masker: knows the secrets.
    """

    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self._masker = masker

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask one record; it is always kept."""
        record.msg, record.args = self._masker.mask(record.getMessage())[:2000], ()
        record.exc_info = record.exc_text = None
        return True


def _no_options(args: object = None) -> dict[str, dict[str, Any]]:  # noqa: ARG001 - locust's signature
    """Return what the web UI asks for besides its own fields: nothing."""
    return {}


def _check_free(port: int) -> None:
    # locust listens in a greenlet of its own, whose failure would be a traceback beside a run that goes on.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UsageError(f"--web {port}: {error.strerror or error}") from None


class LocustFiles:
    """Locust's own documents of a run.

    Args:
        environment: locust's.
        directory: of the run.
        masker: knows the secrets.
        web: port of the web UI, None for none.

    Raises:
        UsageError: the web UI's port is taken.
    """

    def __init__(self, environment: Environment, directory: Path, masker: Masker, *, web: int | None = None) -> None:
        self._environment = environment
        self._directory = directory
        self._masker = masker
        self._web = web
        self._ui: Any = None
        self._greenlet: Any = None
        self._writer: Any = None
        self._handler: logging.Handler | None = None

    def __enter__(self) -> Self:
        if self._web is not None:
            _check_free(self._web)
        self._log()
        self._mask()
        stem = str(self._directory / STEM)
        self._writer = StatsCSVFileWriter(self._environment, PERCENTILES_TO_REPORT, stem, full_history=False)
        self._greenlet = gevent.spawn(self._write_on)
        if self._web is not None:
            # It would read our own command line as locust's, and end the process over what it does not know.
            argument_parser.ui_extra_args_dict = _no_options
            self._ui = self._environment.create_web_ui(HOST, self._web)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gevent.kill(self._greenlet)
        with suppress(Exception):
            self._writer.close_files()
        # locust writes once a second; what came after its last time is not in the files yet.
        with suppress(Exception):
            self._write_csv()
        with suppress(Exception):
            text = get_html_report(self._environment, show_download_link=False)
            (self._directory / f"{STEM}.html").write_text(text, encoding="utf-8", errors="backslashreplace")
        if self._ui is not None:
            with suppress(Exception):
                self._ui.stop()
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()

    def _write_on(self) -> None:
        # On a full disk these files end early, as ours do, which is told; a greenlet would tell it by a traceback.
        with suppress(OSError):
            self._writer.stats_writer()

    def _mask(self) -> None:
        """Mask what users' code raises, before locust's files and its web UI have it to show."""
        runner, stats, mask = self._environment.runner, self._environment.stats, self._masker.mask
        assert runner is not None
        log_exception, log_error = runner.log_exception, stats.log_error

        def exception(node_id: str, msg: str, formatted_tb: str) -> None:
            log_exception(node_id, mask(msg), mask(formatted_tb))

        def failure(method: str, name: str, error: Exception | str | None) -> None:
            text = str(error)
            log_error(method, name, error if mask(text) == text else mask(text))

        runner.log_exception = exception  # type: ignore[method-assign]
        stats.log_error = failure  # type: ignore[method-assign]

    def _write_csv(self) -> None:
        whole = StatsCSV(self._environment, PERCENTILES_TO_REPORT)
        parts = {"stats": whole.requests_csv, "failures": whole.failures_csv, "exceptions": whole.exceptions_csv}
        for name, write in parts.items():
            with (self._directory / f"{STEM}_{name}.csv").open("w", encoding="utf-8", newline="") as file:
                write(csv.writer(file))

    def _log(self) -> None:
        with suppress(OSError):
            self._handler = logging.FileHandler(self._directory / f"{STEM}.log", encoding="utf-8", delay=True)
            self._handler.addFilter(_Masked(self._masker))
            root = logging.getLogger()
            root.handlers[:] = [self._handler]
            root.setLevel(logging.WARNING)
