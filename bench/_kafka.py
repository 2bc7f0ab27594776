"""One real Kafka broker for tests and benchmarks: `XIEZHI_TEST_KAFKA`, else Apache Kafka fetched once by Maven and started here."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "4.1.0"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>xiezhi</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{VERSION}</version></dependency>
</dependencies></project>"""


class NoKafka(Exception):
    """There is no broker to be had; the text says what to install."""


def jars() -> Path:
    """The folder of Kafka's jars, filled on first use."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xiezhi-tests" / f"kafka-{VERSION}"
    if (folder / "complete").exists():
        return folder
    if not shutil.which("java") or not shutil.which("mvn"):
        raise NoKafka("no Kafka: set XIEZHI_TEST_KAFKA=host:port, or install Java 17 and Maven")
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "pom.xml").write_text(POM)
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True)
    if done.returncode:
        raise NoKafka(f"no Kafka: Maven could not fetch it: {done.stdout[-300:]}")
    (folder / "complete").touch()
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """Start a broker with its data below `folder`; gives `host:port`.

    Raises:
        NoKafka: it cannot be had or does not start.
    """
    given = os.environ.get("XIEZHI_TEST_KAFKA")
    if given:
        yield given
        return
    libs = jars()
    port, controller = _free_port(), _free_port()
    properties = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@localhost:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(folder / "data"),
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "default.replication.factor": "1",
        "group.initial.rebalance.delay.ms": "0",
    }
    config = folder / "server.properties"
    config.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
    java = ["java", "-cp", f"{libs}/*"]
    null = subprocess.DEVNULL
    format_ = [*java, "kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", str(config)]
    subprocess.run(format_, check=True, stdout=null, stderr=null)
    process = subprocess.Popen([*java[:1], "-Xmx512m", *java[1:], "kafka.Kafka", str(config)], cwd=folder, stdout=null, stderr=null)
    try:
        _wait(process, port)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(240):
        if process.poll() is not None:
            raise NoKafka("no Kafka: the broker ended at its start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.25)
    raise NoKafka("no Kafka: the broker did not come up within 60 s")
