"""Where models live: MLflow on SQLite and files below the home, or on a server of the site's own.

A model is registered with what it was made from; a new one becomes `challenger`, and the one that scores is `champion`. Nothing calls
home: telemetry and the look for Git are switched off before MLflow is imported. MLflow is imported when the registry is opened, which
takes seconds. A stored model is a pickle; its SHA-256 is kept in the registry and checked before it is opened.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.detector import Detector
from xiezhi.domain.errors import XiezhiError

CHAMPION, CHALLENGER = "champion", "challenger"
EXPERIMENT = "xiezhi"
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    "MLFLOW_CONFIGURE_LOGGING": "false",
}
"""Environment of MLflow in a closed network."""


@dataclass(frozen=True)
class Stored:
    """A registered version.

    Attributes:
        name: such as `anomaly.institution`.
        version: in the registry, a number as text.
        detector: fitted.
        metrics: as logged with it.
        tags: as logged with it (`month`, `data_version`, ...).
    """

    name: str
    version: str
    detector: Detector
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


class Registry:
    """Models by name, version and alias.

    Args:
        home: folder below which `mlflow.db` and `mlflow-artifacts` are written.
        uri: tracking address of a server; empty: the file in `home`.
    """

    def __init__(self, home: Path, uri: str = "") -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home.resolve()
        self.uri = uri or f"sqlite:///{self.home / 'mlflow.db'}"
        self._artifacts = "" if uri else (self.home / "mlflow-artifacts").as_uri()
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        with _quiet():
            from mlflow.tracking import MlflowClient

            self._client: Any = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def register(
        self,
        name: str,
        detector: Detector,
        *,
        params: Mapping[str, object],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        features: Sequence[str],
        card: str,
    ) -> Stored:
        """Log a fitted detector with all that made it and register it as the newest version, alias `challenger`.

        Metrics that are not numbers (NaN) are left out.
        """
        data = pickle.dumps(detector)
        digest = hashlib.sha256(data).hexdigest()
        known = {key: float(value) for key, value in metrics.items() if value == value}
        with _quiet(), tempfile.TemporaryDirectory() as folder:
            client = self._client
            run = client.create_run(self._experiment(), run_name=name, tags=dict(tags)).info
            for key, value in params.items():
                client.log_param(run.run_id, key, value)
            for key, number in known.items():
                client.log_metric(run.run_id, key, number)
            client.log_param(run.run_id, "features", len(features))
            files = Path(folder)
            (files / "model.pkl").write_bytes(data)
            (files / "card.md").write_text(card, "utf-8")
            (files / "features.txt").write_text("".join(f"{each}\n" for each in features), "utf-8")
            client.log_artifacts(run.run_id, str(files), "model")
            client.set_terminated(run.run_id)
            if not self._names(name):
                client.create_registered_model(name)
            version = client.create_model_version(
                name, source=f"{run.artifact_uri}/model", run_id=run.run_id, tags=dict(tags) | {"sha256": digest}
            ).version
            client.set_registered_model_alias(name, CHALLENGER, version)
        return Stored(name, str(version), detector, known, dict(tags))

    def promote(self, stored: Stored) -> None:
        """Make a version the champion; it is no challenger any more."""
        with _quiet():
            self._client.set_registered_model_alias(stored.name, CHAMPION, stored.version)
            if self._aliases(stored.name).get(CHALLENGER) == stored.version:
                self._client.delete_registered_model_alias(stored.name, CHALLENGER)

    def version_of(self, name: str, alias: str = CHAMPION) -> str | None:
        """The version with an alias; None where there is none."""
        with _quiet():
            return self._aliases(name).get(alias)

    def load(self, name: str, alias: str = CHAMPION) -> Stored | None:
        """The model with an alias; None where there is none.

        Raises:
            XiezhiError: the stored file is not the one that was registered.
        """
        with _quiet():
            version = self._aliases(name).get(alias)
            if version is None:
                return None
            found = self._client.get_model_version(name, version)
            run = self._client.get_run(found.run_id)
            path = Path(self._client.download_artifacts(found.run_id, "model/model.pkl"))
            data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != found.tags.get("sha256"):
            raise XiezhiError.of(f"the file of model {name} version {version} is not the registered one", path=str(path))
        detector: Detector = pickle.loads(data)
        tags = {key: value for key, value in found.tags.items() if key != "sha256"}
        return Stored(name, version, detector, dict(run.data.metrics), tags)

    def _aliases(self, name: str) -> dict[str, str]:
        if not self._names(name):
            return {}
        return {alias: str(version) for alias, version in self._client.get_registered_model(name).aliases.items()}

    def _names(self, name: str) -> bool:
        return bool(list(self._client.search_registered_models(f"name = '{name}'")))

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        return str(found.experiment_id if found else self._client.create_experiment(EXPERIMENT, self._artifacts or None))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of MLflow's own dependencies, which nobody here can mend, and without progress bars."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
