"""One root error for the whole product: what is wrong, where, what is accepted, what to do.

Loaders collect every problem of a file before they raise, so an author mends a file once.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Place:
    """Where a problem is: a file position (1-based line and column) or a field path, or both."""

    path: str = ""
    line: int | None = None
    column: int | None = None
    field: str = ""

    def __str__(self) -> str:
        position = ":".join(str(part) for part in (self.path, self.line, self.column) if part not in (None, ""))
        return f"{position} ({self.field})" if position and self.field else position or self.field


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        what: what is wrong, with the offending value.
        where: the place.
        accepted: the accepted form, empty where nothing can be said.
        todo: what to do next, empty where `accepted` says it all.
        warning: true where the rest still holds (listed, but exit code 0).
    """

    what: str
    where: Place = field(default_factory=Place)
    accepted: str = ""
    todo: str = ""
    warning: bool = False

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if str(self.where) else self.what
        if self.accepted:
            text += f"; accepted: {self.accepted}"
        return f"{text}; {self.todo}" if self.todo else text


class XiezhiError(Exception):
    """Root of all errors raised on purpose; carries one or more problems.

    >>> str(XiezhiError.of("unknown field 'lin.price'", path="a.yaml", line=3, column=7, accepted="line.price"))
    "a.yaml:3:7: unknown field 'lin.price'; accepted: line.price"
    """

    exit_code = 1

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def of(
        cls,
        what: str,
        *,
        path: str = "",
        line: int | None = None,
        column: int | None = None,
        field: str = "",
        accepted: str = "",
        todo: str = "",
    ) -> XiezhiError:
        """An error with a single problem."""
        return cls([Problem(what, Place(path, line, column, field), accepted, todo)])


class UsageError(XiezhiError):
    """Wrong use of a command or function (exit code 2)."""

    exit_code = 2


class ServiceUnreachable(XiezhiError):
    """A service that is needed does not answer; the message says which and how to start it (exit code 3)."""

    exit_code = 3


class Problems:
    """Collects problems and raises them together."""

    def __init__(self) -> None:
        self.items: list[Problem] = []

    def add(self, what: str, where: Place | None = None, accepted: str = "", todo: str = "") -> None:
        """Note one problem."""
        self.items.append(Problem(what, where or Place(), accepted, todo))

    @contextmanager
    def catching(self) -> Generator[None]:
        """Collect the problems of a `XiezhiError` raised inside instead of letting it pass."""
        try:
            yield
        except XiezhiError as error:
            self.items.extend(error.problems)

    def raise_if_any(self) -> None:
        """Raise one `XiezhiError` with all problems, in file order, if there are any."""
        if self.items:
            raise XiezhiError(sorted(self.items, key=lambda p: (p.where.path, p.where.line or 0, p.where.column or 0)))
