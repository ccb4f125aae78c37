"""PostgreSQL and S3 let in those with a password, from this machine."""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import boto3
import httpx
import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cli.stack.environment import database_url
from cli.stack.postgres_home import SPARE_ACCOUNT, system_account
from cli.stack.stack import Stack
from cli.stack.state import read_running_stack
from tests.integration.stack.conftest import family, listens_on_loopback_alone


def s3(stack: Stack, secret: str | None = None) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=stack.urls["s3"],
        region_name="us-east-1",
        aws_access_key_id=stack.plan.secrets.s3_access_key_id,
        aws_secret_access_key=secret or stack.plan.secrets.s3_secret_access_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_the_bucket_keeps_every_version_of_an_object(servers: Stack) -> None:
    client = s3(servers)
    for body in (b"first", b"second"):
        client.put_object(Bucket="recast", Key="kept", Body=body)
    versions = client.list_object_versions(Bucket="recast", Prefix="kept")["Versions"]
    bodies = {
        client.get_object(Bucket="recast", Key="kept", VersionId=version["VersionId"])["Body"].read()
        for version in versions
    }
    assert bodies == {b"first", b"second"}


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_s3_refuses_a_request_without_a_signature(servers: Stack, method: str) -> None:
    s3(servers).put_object(Bucket="recast", Key="private", Body=b"private")
    answer = httpx.request(method, f"{servers.urls['s3']}/recast/private", trust_env=False)
    assert answer.status_code == 403


def test_s3_refuses_a_wrong_key(servers: Stack) -> None:
    with pytest.raises(ClientError) as caught:
        s3(servers, secret="another key altogether").list_objects_v2(Bucket="recast")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_postgresql_refuses_a_wrong_password(servers: Stack) -> None:
    url = database_url(servers.plan.ports["postgres"], "postgres", "wrong", "recast")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_dagsters_login_cannot_enter_the_products_database(servers: Stack) -> None:
    port, password = servers.plan.ports["postgres"], servers.plan.secrets.dagster_password
    with psycopg.connect(database_url(port, "dagster", password, "dagster")) as connection:
        connection.execute("create table own (id int)")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(database_url(port, "dagster", password, "recast"))


def test_the_databases_are_unicode_and_sort_alike_on_every_machine(servers: Stack) -> None:
    with psycopg.connect(servers.plan.postgres.admin_url("recast")) as connection:
        query = "select pg_encoding_to_char(encoding), datlocale from pg_database where datname = 'recast'"
        assert connection.execute(query).fetchone() == ("UTF8", "C.UTF-8")


def test_nothing_listens_beyond_loopback(servers: Stack) -> None:
    running = read_running_stack(servers.folder.root)
    assert running is not None
    assert listens_on_loopback_alone(family(running))


def test_secrets_are_readable_by_their_owner_alone(servers: Stack) -> None:
    for path in (servers.folder.secrets, servers.folder.private_key):
        assert path.stat().st_mode & 0o077 == 0


def test_where_no_user_can_be_made_an_unprivileged_one_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert system_account("a-user-that-is-not-there", tmp_path).name == SPARE_ACCOUNT


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make users")
def test_stacks_that_start_at_once_on_a_new_machine_run_as_one_user(tmp_path: Path) -> None:
    name = f"recast-{os.urandom(4).hex()}"
    script = (
        "import sys; from pathlib import Path; from cli.stack.postgres_home import system_account;"
        " print('ready', flush=True); sys.stdin.readline(); print(system_account(sys.argv[1], Path(sys.argv[2])).uid)"
    )
    starting = [
        subprocess.Popen([sys.executable, "-c", script, name, str(tmp_path)], stdin=PIPE, stdout=PIPE, text=True)
        for _ in range(4)
    ]
    try:
        for one in starting:
            assert one.stdout
            assert one.stdout.readline() == "ready\n"
        for one in starting:
            assert one.stdin
            one.stdin.write("now\n")
            one.stdin.flush()
        uids = {int(one.communicate(timeout=60)[0]) for one in starting}
        assert uids == {pwd.getpwnam(name).pw_uid}
    finally:
        subprocess.run(["userdel", name], check=True)
