"""What reaches a job as an error, whatever was raised."""

import errno

import psycopg
import pytest

from domain.errors import TAXONOMY, ErrorCode, RecastError
from resources.storage import storage_errors
from studio.work import as_recast_error


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (RecastError(ErrorCode.STITCH_FAILED), ErrorCode.STITCH_FAILED),
        (psycopg.OperationalError("server closed the connection"), ErrorCode.DATABASE_UNAVAILABLE),
        (OSError(errno.ENOSPC, "No space left on device"), ErrorCode.DISK_FULL),
        (KeyError("x"), ErrorCode.INTERNAL),
    ],
)
def test_every_failure_has_a_code(raised: Exception, code: ErrorCode) -> None:
    assert as_recast_error(raised).code is code


def test_a_full_disk_is_told_from_a_storage_that_is_away() -> None:
    with pytest.raises(RecastError) as caught, storage_errors("key"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.code is ErrorCode.DISK_FULL


def test_the_cause_stays_out_of_what_users_read() -> None:
    error = as_recast_error(KeyError("internal detail"))
    assert "internal detail" not in error.detail
    assert "internal detail" in str(error.cause)


def test_every_code_has_a_meaning_and_a_remedy() -> None:
    assert set(TAXONOMY) == set(ErrorCode)
    for code, meaning in TAXONOMY.items():
        assert len(code) <= 50, "error_code is varchar(50)"
        assert meaning.sentence.endswith(".")
        assert meaning.remedy.endswith((".", "…"))
        assert 400 <= meaning.http_status < 600
