"""The migration runner's decisions: what is applied next, and what is refused."""

from pathlib import Path

import pytest

from resources.database.migrations import Migration, MigrationError, pending, read_migrations

FIRST = Migration("0001", "tables", "create table a ()")
SECOND = Migration("0002", "more", "create table b ()")
THIRD = Migration("0003", "late", "create table c ()")


def applied(*migrations: Migration) -> dict[str, list[str]]:
    return {migration.version: [migration.sql] for migration in migrations}


def test_only_what_is_new_is_applied_in_order() -> None:
    assert pending([FIRST, SECOND, THIRD], applied(FIRST)) == [SECOND, THIRD]


def test_an_edited_migration_is_refused() -> None:
    edited = Migration("0001", "tables", "create table a (id int)")
    with pytest.raises(MigrationError, match="0001_tables was edited"):
        pending([edited, SECOND], applied(FIRST))


def test_a_missing_migration_is_refused() -> None:
    with pytest.raises(MigrationError, match="0001 was applied to this database but is not in the folder"):
        pending([SECOND], applied(FIRST, SECOND))


def test_a_migration_that_comes_late_is_refused() -> None:
    with pytest.raises(MigrationError, match="0002 comes before 0003"):
        pending([FIRST, SECOND, THIRD], applied(FIRST, THIRD))


def test_what_the_supabase_cli_applied_counts_as_applied() -> None:
    """It keeps a file as several statements, so the text cannot be compared; the version can."""
    assert pending([FIRST], {"0001": ["create table a ()", "select 1"]}) == []


def test_a_file_without_a_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tables.sql").write_text("select 1")
    with pytest.raises(MigrationError, match=r"tables\.sql is not named"):
        read_migrations(tmp_path)


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    for name in ("0001_a.sql", "0001_b.sql"):
        (tmp_path / name).write_text("select 1")
    with pytest.raises(MigrationError, match="same version"):
        read_migrations(tmp_path)
