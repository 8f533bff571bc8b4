"""Weights and sample footage, by name: fetched once, verified, kept in the user's cache, offline afterwards.

`resolve` turns a name into a file, `registry` is the table of what there is, `footage` finds the demo's video.
Knows files and hashes; what is inside a network is the business of the edge.
"""

from aimonitor.models.errors import FetchError, ModelError
from aimonitor.models.registry import MODELS, Model
from aimonitor.models.store import ModelFile, list_models, pull, resolve

__all__ = ["MODELS", "FetchError", "Model", "ModelError", "ModelFile", "list_models", "pull", "resolve"]
