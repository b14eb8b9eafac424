"""Marks of a server's inside in the text of an error: stack traces, file paths, SQL.

Every pattern asks for structure that prose does not have: an error may well say "select a country from
the list", name ``/v1/purchases``, point to ``/data/attributes/country_code`` or quote a regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_TEXT: Final = 200_000
"""Characters that are searched; what an error gives away stands at its beginning."""


class Giveaway(NamedTuple):
    """Something that an error gives away.

    Attributes:
        kind: what it is, a stable slug.
        text: the telling part of the error's text.
    """

    kind: str
    text: str


_CODE: Final = r"(?:py|pyc|pyx|rb|go|java|kt|scala|rs|php|ts|tsx|mjs|cjs|js|cs|exs?|erl|lua|pl|c|cc|cpp|h)"
_FILE: Final = rf"(?:{_CODE}|sqlite3?|db|sql|env|ini|cfg|conf|toml|ya?ml|log|so|jar|war|dll|pem|key|sh)"

_TRACES: Final = (
    r"Traceback \(most recent call last\)",
    r'\bFile "[^"\n]{1,300}", line \d+',
    # Java and its kin, JavaScript, .NET
    r"\bat [\w$.<>/]+\((?:[\w$]+\.(?:java|kt|scala|groovy|clj):\d+|Native Method|Unknown Source)\)",
    r"\bException in thread \"",
    r"\bat (?:async )?(?:[^\s()]+ ){0,4}\(?(?:file://)?(?:/|[A-Za-z]:\\|node:)[^\s():]{1,300}:\d+:\d+\)?",
    r"\bat [\w.`<>\[\]]+\([^)\n]{0,300}\) in \S[^\n]{0,300}:line \d+",
    r"(?:(?:\A|\n)\s{1,20}at \w[^\n(]{0,300}\([^\n]{0,300}){2}",
    # Go, Rust, Ruby, PHP, Elixir
    r"\bgoroutine \d+ \[[\w ,]+\]:",
    r"\.go:\d+ \+0x[0-9a-f]+",
    r"\bthread '[^'\n]{1,80}' (?:\(\d+\) )?panicked at",
    r"\.rb:\d+:in [`'\"]",
    r"\bStack trace:\s{0,4}#0 ",
    r"#\d+ \S{1,300}\.php\(\d+\): ",
    r"\.php on line \d+",
    r"\(\w[\w.-]* \d[\w.]*\) \w[\w/.-]*\.exs?:\d+: ",
)

# A path of these is the server's whatever it ends in; of those below only where it ends in a file of code,
# since /app/v1/purchases may be a URL behind a prefix.
_STRONG: Final = r"(?:usr|home|root|etc|var|opt|proc|tmp|mnt|private/(?:var|tmp|etc)|Users/\w+|Library|nix/store)"
_WEAK: Final = r"(?:app|apps|code|src|srv|build|workspace|workdir|work|service|services|server|data|project|repo)"
_SEGMENT: Final = r"[\w.@+-]{1,100}"

# What a page of HTML links to is the path of a URL, and what follows a # points into JSON (RFC 6901, section 6).
_START: Final = r"(?<![\w/.:~$%*#\\-])(?<!src=[\"'])(?<!href=[\"'])"

_PATHS: Final = (
    rf"{_START}/{_STRONG}(?:/{_SEGMENT}){{1,30}}",
    rf"{_START}/{_WEAK}(?:/{_SEGMENT}){{0,30}}/[\w@+-]{{1,100}}\.{_FILE}\b(?![/\w])",
    rf"{_START}/(?:{_SEGMENT}/){{1,30}}[\w@+-]{{1,100}}\.{_CODE}:\d+",
    r"\bfile:///\w",
    # At least two letters a segment: "T:\d\d" is a regular expression.
    r"(?<![\\\w])[A-Za-z]:\\(?:[\w$. -]{2,80}\\){1,30}[\w$. -]{2,80}",
)

_SQL: Final = (
    r"\bSELECT\s[^\x00]{1,500}?\sFROM\s+[\"`\[\w]",
    r"\bINSERT\s+INTO\s+[\"`\[]?\w",
    r"\bUPDATE\s+[\"`\[]?\w[\w.\"`\]]*\s+SET\s+[\"`\[]?\w[\w.\"`\]]*\s*=",
    r"\bDELETE\s+FROM\s+[\"`\[]?\w",
    r"(?i:\bselect\s[^\x00]{1,500}?\sfrom\s+[\"`\[\w.\]]+(?:\s+(?:as\s+)?\w+)?\s+where\s+[\"`\[\w.\]]+\s*(?:=|<|>|\bin\s*\())",
    r"(?i:\binsert\s+into\s+[\"`\[\w.\]]+\s*\([^)]{1,500}\)\s*(?:values|select|returning)\b)",
    r"(?i:\bupdate\s+[\"`\[\w.\]]+\s+set\s+[\"`\[\w.\]]+\s*=)",
    r"(?i:\bdelete\s+from\s+[\"`\[\w.\]]+\s+where\s)",
    r"\bSQLSTATE\b",
    r"\bORA-\d{5}\b",
    r"\bSQLITE_[A-Z]{4,}",
    r"\b(?:sqlite3|psycopg2?|asyncpg|pymysql|MySQLdb|mysql\.connector|sqlalchemy|aiosqlite|cx_Oracle|pyodbc)\.\w",
    r"\b(?:java\.sql|org\.hibernate|org\.postgresql|com\.mysql)\.\w",
    r"\b(?:Sequelize|Prisma|PDO|Knex|TypeORM|ActiveRecord)(?:::)?\w*(?:Error|Exception)\b",
    r"(?i:\bsyntax error at or near\b)",
    r"(?i:\byou have an error in your SQL syntax\b)",
    r"\bnear \"[^\"\n]{1,80}\": syntax error",
    r"\b(?:UNIQUE|NOT NULL|FOREIGN KEY|CHECK) constraint failed\b",
    r"\bviolates (?:unique|not-null|foreign key|check) constraint\b",
    r"\bno such (?:table|column): \w",
    r"\b(?:relation|column) \"[^\"\n]{1,80}\" (?:of relation \"[^\"\n]{1,80}\" )?does not exist\b",
)

_KINDS: Final = tuple(
    (kind, re.compile("|".join(patterns), re.ASCII))
    for kind, patterns in (("a stack trace", _TRACES), ("SQL", _SQL), ("a file path", _PATHS))
)


def giveaways(text: str, sent: str) -> Iterator[Giveaway]:
    """Yield what a text gives away, each kind once.

    Args:
        text: the decoded text of an error.
        sent: the decoded text of the request; what the error only quotes from it gives nothing away.
    """
    found: set[str] = set()
    for kind, pattern in _KINDS:
        if kind == "a file path" and "a stack trace" in found:
            # A trace is made of paths.
            return
        for match in pattern.finditer(text[:MAX_TEXT]):
            if match.group() not in sent:
                found.add(kind)
                yield Giveaway(kind, match.group())
                break
