"""Augmented view pairs from image folders, fast and exact, for contrastive learning.

`Loader` replaces a PyTorch ``DataLoader``; `decode`, `views` and `show` are for single pictures;
`load_encoder`, `features` and `diagnose` use the results of the ``diptych`` command.
"""

from ._batch import Batch
from ._loader import Loader
from ._native import (
    AllHeldError,
    ConfigurationError,
    DataError,
    Error,
    ForkError,
    StoppedError,
)
from ._pack import pack
from ._pictures import Sheet, decode, show, views
from ._pipeline import Branch, Pipeline, Source
from ._runs import Diagnosis, Features, Finding, diagnose, features, load_encoder

__version__ = "0.1.0"

__all__ = [
    "AllHeldError",
    "Batch",
    "Branch",
    "ConfigurationError",
    "DataError",
    "Diagnosis",
    "Error",
    "Features",
    "Finding",
    "ForkError",
    "Loader",
    "Pipeline",
    "Sheet",
    "Source",
    "StoppedError",
    "decode",
    "diagnose",
    "features",
    "load_encoder",
    "pack",
    "show",
    "views",
]
