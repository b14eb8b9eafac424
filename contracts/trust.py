"""Whom TLS trusts: the system's certificates, or those of a file that the user names, in every room alike."""

from __future__ import annotations

import os
import ssl
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

from contracts.errors import UsageError

FILE_VARIABLE: Final = "SSL_CERT_FILE"
FOLDER_VARIABLE: Final = "SSL_CERT_DIR"
"""Environment variables from which OpenSSL takes what ``ssl.create_default_context`` trusts."""


def trust(ca_file: Path | None, environment: MutableMapping[str, str] = os.environ) -> None:
    """Trust the certificates of a file in place of the system's, in this process and in those that it starts.

    Args:
        ca_file: certificates in PEM form; None changes nothing.
        environment: of this process.

    Raises:
        UsageError: the file cannot be read or holds no certificate.
    """
    if ca_file is None:
        return
    try:
        ssl.create_default_context(cafile=str(ca_file))
    except ssl.SSLError:
        raise UsageError(
            f"--ca-file {ca_file} holds no certificate; give a PEM file, -----BEGIN CERTIFICATE-----…"
        ) from None
    except OSError as error:
        raise UsageError(f"--ca-file {ca_file} cannot be read: {error.strerror or error}") from None
    environment[FILE_VARIABLE] = str(ca_file.resolve())
    # The system's folder would be trusted beside the file.
    environment[FOLDER_VARIABLE] = os.devnull
