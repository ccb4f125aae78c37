"""The version of the product, as it is installed."""

from importlib.metadata import version

VERSION = version("recast")
