"""What every run worker needs, imported once by the process that workers are forked from."""

import gc

gc.disable()

import dagster_postgres  # noqa: E402, F401
from dagster._core.execution import api  # noqa: E402, F401

import orchestration.definitions  # noqa: E402, F401

# A collection would touch every object, and so copy the memory that forks share.
gc.freeze()
gc.enable()
