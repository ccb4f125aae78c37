"""Dagster's GraphQL API, as far as the product needs it: launch a run, find runs by tag, read a partition's stages; and
its REST endpoint for what happens outside of runs.

Source: the schema of dagster-webserver 1.13, and its external_assets.py.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict

from domain.errors import ErrorCode, RecastError
from domain.stages import JOB_TAG, LAUNCH_TAG, PARTITIONS, JobType, Stage, dagster_job_name, stages_from

REPOSITORY = "__repository__"
TIMEOUT_SECONDS = 10.0

ADD_PARTITION = """
mutation ($partitionKey: String!, $partitionsDefName: String!, $repositorySelector: RepositorySelector!) {
  addDynamicPartition(partitionKey: $partitionKey, partitionsDefName: $partitionsDefName,
                      repositorySelector: $repositorySelector) {
    __typename
    ... on PythonError { message }
    ... on UnauthorizedError { message }
  }
}"""

LAUNCH_RUN = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on PipelineNotFoundError { message }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on UnauthorizedError { message }
  }
}"""

STAGES_OF_PARTITION = """
query ($assetKeys: [AssetKeyInput!]!, $partitions: [String!], $partition: String!) {
  assetNodes(assetKeys: $assetKeys) {
    assetKey { path }
    assetMaterializations(partitions: $partitions, limit: 1) { timestamp runId metadataEntries { label description } }
    latestRunForPartition(partition: $partition) { runId status }
  }
}"""

VERSION = "query { version }"


class StageMaterialization(BaseModel):
    """Dagster's view of one stage of one job."""

    model_config = ConfigDict(frozen=True)

    stage: Stage
    materialized_at: datetime | None
    run_id: str | None
    run_status: str | None


def edit_description(version: int) -> str:
    return f"The script was edited: version {version}."


def edit_metadata(script_id: UUID, version: int) -> dict[str, str | int]:
    return {"script": str(script_id), "version": version}


class NotLaunchedError(RecastError):
    """It is certain that no run was made."""


class DagsterClient:
    def __init__(self, url: str, location: str, *, client: httpx.AsyncClient | None = None) -> None:
        self._url = url.rstrip("/")
        self._selector = {"repositoryLocationName": location, "repositoryName": REPOSITORY}
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT_SECONDS)

    async def close(self) -> None:
        await self._client.aclose()

    async def check(self) -> None:
        await self._query(VERSION, {})

    async def launch(
        self, job_id: UUID, job_type: JobType, launch_number: int, first_stage: Stage | None = None
    ) -> str:
        """Launch the job's stages on its partition, from ``first_stage`` on, and return the run's id.

        Not idempotent: call it only with a claim in hand. Raises NotLaunchedError when no run was made, and RecastError
        another code when it cannot be known.
        """
        part = stages_from(job_type, first_stage) if first_stage else ()
        try:
            await self._add_partition(str(job_id))
        except RecastError as error:
            raise NotLaunchedError(error.code, cause=error.cause) from error
        answer = await self._query(
            LAUNCH_RUN,
            {
                "params": {
                    "selector": {
                        **self._selector,
                        "pipelineName": dagster_job_name(job_type),
                        **({"assetSelection": [{"path": [stage]} for stage in part]} if part else {}),
                    },
                    "mode": "default",
                    "runConfigData": {},
                    "executionMetadata": {
                        "tags": [
                            {"key": "dagster/partition", "value": str(job_id)},
                            {"key": JOB_TAG, "value": str(job_id)},
                            {"key": LAUNCH_TAG, "value": str(launch_number)},
                        ]
                    },
                }
            },
        )
        outcome = answer["launchRun"]
        if outcome["__typename"] != "LaunchRunSuccess":
            raise NotLaunchedError(ErrorCode.LAUNCH_FAILED, cause=f"{outcome['__typename']}: {outcome.get('message')}")
        run_id: str = outcome["run"]["runId"]
        return run_id

    async def stages(self, job_id: UUID, stages: Sequence[Stage]) -> list[StageMaterialization]:
        """Whether each stage is materialised in the job's partition, and the last run that worked on it."""
        answer = await self._query(
            STAGES_OF_PARTITION,
            {
                "assetKeys": [{"path": [stage]} for stage in stages],
                "partitions": [str(job_id)],
                "partition": str(job_id),
            },
        )
        nodes = {node["assetKey"]["path"][-1]: node for node in answer["assetNodes"]}
        return [_materialization(stage, nodes.get(stage, {})) for stage in stages]

    async def report_edit(self, job_id: UUID, script_id: UUID, version: int, data_version: str) -> None:
        """Show the script in the job's partition as edited: a materialisation without a run. Twice changes nothing."""
        try:
            response = await self._client.post(
                f"{self._url}/report_asset_materialization/{Stage.SCRIPT}",
                json={
                    "partition": str(job_id),
                    "data_version": data_version,
                    "description": edit_description(version),
                    "metadata": edit_metadata(script_id, version),
                },
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise RecastError(ErrorCode.PIPELINE_UNAVAILABLE, cause=f"{type(error).__name__}: {error}") from error

    async def _add_partition(self, key: str) -> None:
        answer = await self._query(
            ADD_PARTITION,
            {"partitionKey": key, "partitionsDefName": PARTITIONS, "repositorySelector": self._selector},
        )
        outcome = answer["addDynamicPartition"]
        if outcome["__typename"] not in ("AddDynamicPartitionSuccess", "DuplicateDynamicPartitionError"):
            raise RecastError(ErrorCode.LAUNCH_FAILED, cause=f"{outcome['__typename']}: {outcome.get('message')}")

    async def _query(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        try:
            response = await self._client.post(
                f"{self._url}/graphql", json={"query": query, "variables": dict(variables)}
            )
            response.raise_for_status()
            body = response.json()
        except httpx.ConnectError as error:
            raise NotLaunchedError(ErrorCode.PIPELINE_UNAVAILABLE, cause=f"Dagster does not answer: {error}") from error
        except (httpx.HTTPError, ValueError) as error:
            raise RecastError(ErrorCode.PIPELINE_UNAVAILABLE, cause=f"{type(error).__name__}: {error}") from error
        if errors := body.get("errors"):
            raise RecastError(ErrorCode.PIPELINE_UNAVAILABLE, cause=str(errors[0].get("message")))
        data: dict[str, Any] = body["data"]
        return data


def _materialization(stage: Stage, node: Mapping[str, Any]) -> StageMaterialization:
    newest = next(iter(node.get("assetMaterializations") or []), None)
    run = node.get("latestRunForPartition") or {}
    return StageMaterialization(
        stage=stage,
        materialized_at=newest and datetime.fromtimestamp(float(newest["timestamp"]) / 1000, tz=UTC),
        run_id=run.get("runId") or (newest and newest["runId"]),
        run_status=run.get("status"),
    )
