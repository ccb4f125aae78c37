"""How a command ends: one sentence, the next step, and an exit status that scripts can rely on."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer
from pydantic import ValidationError
from rich.console import Console

from cli.stack.problems import Interrupted, StackError
from domain.errors import ErrorCode, RecastError

errors = Console(stderr=True, soft_wrap=True, highlight=False)


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    UNAVAILABLE = 3
    INTERRUPTED = 130


UNAVAILABLE = {
    ErrorCode.DATABASE_UNAVAILABLE,
    ErrorCode.STORAGE_UNAVAILABLE,
    ErrorCode.SOURCE_UNREACHABLE,
    ErrorCode.TRANSCRIPT_BLOCKED,
    ErrorCode.LAUNCH_FAILED,
    ErrorCode.API_UNREACHABLE,
    ErrorCode.AUTH_UNAVAILABLE,
    ErrorCode.PIPELINE_UNAVAILABLE,
    ErrorCode.RATE_LIMITED,
    ErrorCode.PROVIDER_BUSY,
}
BAD_INPUT = {
    ErrorCode.INVALID_LINK,
    ErrorCode.INVALID_REQUEST,
    ErrorCode.PICTURE_REJECTED,
    ErrorCode.TOO_LARGE,
    ErrorCode.UNKNOWN_CHARACTER,
    ErrorCode.EMPTY_CAST,
    ErrorCode.NOT_FOUND,
    ErrorCode.UNAUTHENTICATED,
    ErrorCode.UNKNOWN_MODEL,
    ErrorCode.PROVIDER_NOT_CONFIGURED,
}


def exit_status(code: ErrorCode) -> Exit:
    if code in UNAVAILABLE:
        return Exit.UNAVAILABLE
    return Exit.BAD_INPUT if code in BAD_INPUT else Exit.FAILED


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what a user can understand into a sentence and an exit status; a bug keeps its traceback."""
    try:
        yield
    except RecastError as error:
        say(error.code, error.detail, error.meaning.remedy)
        raise typer.Exit(exit_status(error.code)) from None
    except Interrupted as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(Exit.INTERRUPTED) from None
    except StackError as error:
        errors.print(f"Error: {error}", markup=False, style="red")
        raise typer.Exit(Exit.FAILED) from None
    except ValidationError as error:
        if error.title != "Settings":
            raise
        missing = ", ".join(f"RECAST_{'_'.join(map(str, one['loc']))}".upper() for one in error.errors())
        errors.print(f"Error: these settings are missing or wrong: {missing}. See docs/operations.md.", markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from None
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None


def say(code: str, detail: str, remedy: str) -> None:
    errors.print(f"[red]{code}[/red] {detail}")
    errors.print(f"  {remedy}", markup=False)
