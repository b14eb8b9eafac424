"""Whom TLS trusts: the system's certificates, or those of a file that the user names, in every room alike."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

from contracts.errors import UsageError

FILE_VARIABLE: Final = "SSL_CERT_FILE"
FOLDER_VARIABLE: Final = "SSL_CERT_DIR"
"""Environment variables from which OpenSSL takes what ``ssl.create_default_context`` trusts."""

_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Environment variables by which requests is told whom to trust; a file that assay was given goes before."""


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


def trusted(verify: object, environment: Mapping[str, str] = os.environ) -> object:
    """Return whom a request of the library requests trusts, which left to itself has a list of its own.

    Args:
        verify: as the calling code has it, or the library for it; what the code says for itself stands.
        environment: of this process.

    Returns:
        A file or folder of certificates, or ``verify`` as it is.
    """
    ambient = FILE_VARIABLE in environment and verify in {environment.get(name) for name in _BUNDLES}
    if verify is not True and not (verify and ambient):
        return verify
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or verify
