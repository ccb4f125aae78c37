"""Users, sessions and the signing key in one SQLite file, so that tokens outlive a restart."""

import hashlib
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

SCHEMA = """
create table if not exists users (
  id text primary key, email text not null unique, password_hash text not null, user_metadata text not null,
  created_at real not null, last_sign_in_at real not null
);
create table if not exists sessions (
  id text primary key, user_id text not null references users (id), created_at real not null
);
create table if not exists refresh_tokens (
  hash text primary key, session_id text not null references sessions (id) on delete cascade, used_at real
);
create index if not exists refresh_tokens_session on refresh_tokens (session_id);
create table if not exists signing_keys (kid text primary key, private_pem text not null, created_at real not null);
"""


@dataclass(frozen=True, slots=True)
class User:
    """``user_metadata`` is JSON text; times are seconds since 1970."""

    id: str
    email: str
    password_hash: str
    user_metadata: str
    created_at: float
    last_sign_in_at: float


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    user_id: str
    refresh_token: str


class EmailTakenError(Exception):
    """Another user has this e-mail address."""


class UnknownRefreshTokenError(Exception):
    """The refresh token was never given out, or its session has ended."""


class UsedRefreshTokenError(Exception):
    """The refresh token was used before; its session has been ended."""


class AuthStore:
    """Refresh tokens are kept as SHA-256 hashes. Every method is one transaction and safe in any thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        self._path = path
        with self._transaction() as db:
            for statement in SCHEMA.split(";"):
                db.execute(statement)

    def create_user(self, email: str, password_hash: str, user_metadata: str) -> User:
        """Raises ``EmailTakenError``."""
        now = time.time()
        user = User(str(uuid4()), email, password_hash, user_metadata, now, now)
        try:
            with self._transaction() as db:
                db.execute(
                    "insert into users values (?, ?, ?, ?, ?, ?)",
                    (user.id, email, password_hash, user_metadata, now, now),
                )
        except sqlite3.IntegrityError as error:
            raise EmailTakenError from error
        return user

    def user_by_email(self, email: str) -> User | None:
        with self._transaction() as db:
            row = db.execute("select * from users where email = ?", (email,)).fetchone()
        return User(*row) if row else None

    def user_of_session(self, session_id: str, user_id: str) -> User | None:
        """The user, as long as the session has not been ended."""
        with self._transaction() as db:
            row = db.execute(
                "select users.* from users join sessions on sessions.user_id = users.id"
                " where sessions.id = ? and users.id = ?",
                (session_id, user_id),
            ).fetchone()
        return User(*row) if row else None

    def open_session(self, user_id: str) -> Session:
        session_id, now = str(uuid4()), time.time()
        with self._transaction() as db:
            db.execute("insert into sessions values (?, ?, ?)", (session_id, user_id, now))
            db.execute("update users set last_sign_in_at = ? where id = ?", (now, user_id))
            return Session(session_id, user_id, _add_refresh_token(db, session_id))

    def rotate(self, refresh_token: str, reuse_seconds: float) -> Session:
        """Exchanges a refresh token for the next one of its session.

        A token used less than ``reuse_seconds`` ago is taken once more (two tabs that refresh together). One used
        before that is a sign of theft: the whole session ends, and ``UsedRefreshTokenError`` is raised.
        """
        hashed, now = _hash(refresh_token), time.time()
        with self._transaction() as db:
            row = db.execute(
                "select sessions.id, sessions.user_id, refresh_tokens.used_at"
                " from refresh_tokens join sessions on sessions.id = refresh_tokens.session_id where hash = ?",
                (hashed,),
            ).fetchone()
            if row is None:
                raise UnknownRefreshTokenError
            session_id, user_id, used_at = row
            is_stolen = used_at is not None and now - used_at >= reuse_seconds
            if is_stolen:
                db.execute("delete from sessions where id = ?", (session_id,))
            else:
                db.execute("update refresh_tokens set used_at = coalesce(used_at, ?) where hash = ?", (now, hashed))
                following = _add_refresh_token(db, session_id)
        if is_stolen:
            raise UsedRefreshTokenError
        return Session(session_id, user_id, following)

    def end_sessions(self, user_id: str, session_id: str, scope: str) -> None:
        """``scope`` is GoTrue's: ``local`` ends this session, ``others`` every other one, ``global`` all."""
        condition = {"local": "id = :session", "others": "id <> :session"}.get(scope, "true")
        with self._transaction() as db:
            db.execute(
                f"delete from sessions where user_id = :user and {condition}",  # noqa: S608 - one of three constants
                {"user": user_id, "session": session_id},
            )

    def user_by_id(self, user_id: str) -> User:
        with self._transaction() as db:
            row = db.execute("select * from users where id = ?", (user_id,)).fetchone()
        return User(*row)

    def signing_key(self, kid: str, private_pem: str) -> tuple[str, str]:
        """The key id and PEM that are kept; the given ones are kept when there are none yet."""
        with self._transaction() as db:
            db.execute(
                "insert into signing_keys select ?, ?, ? where not exists (select 1 from signing_keys)",
                (kid, private_pem, time.time()),
            )
            row = db.execute("select kid, private_pem from signing_keys order by created_at limit 1").fetchone()
        return row[0], row[1]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            db.execute("pragma foreign_keys = on")
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")
        finally:
            db.close()


def _add_refresh_token(db: sqlite3.Connection, session_id: str) -> str:
    token = secrets.token_urlsafe(16)
    db.execute("insert into refresh_tokens values (?, ?, null)", (_hash(token), session_id))
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
