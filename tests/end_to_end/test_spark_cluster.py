"""What `make parity-spark` says where it can't start; that it works, it shows itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def started(environment: Path, java: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.end_to_end.spark_cluster", str(environment), "true"]
    own = os.environ | {"JAVA_HOME": str(java)}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=own)


def script(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


@pytest.fixture
def spark(tmp_path: Path) -> Path:
    """An environment whose Spark ends at once."""
    home = tmp_path / "spark" / "lib" / "python3" / "site-packages" / "pyspark"
    script(home / "bin" / "spark-class", 'echo "no room for $1"', "exit 1")
    return tmp_path / "spark"


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_402"])
def test_an_old_java_is_refused(spark: Path, tmp_path: Path, version: str) -> None:
    script(tmp_path / "java" / "bin" / "java", f"echo 'openjdk version \"{version}\"' >&2")
    done = started(spark, tmp_path / "java")
    assert done.returncode == 1
    assert "needs Java 17" in done.stderr
    assert "openjdk-17-jre-headless" in done.stderr


def test_no_java_is_said(spark: Path, tmp_path: Path) -> None:
    done = started(spark, tmp_path / "nowhere")
    assert "needs Java 17, and there is none" in done.stderr


def test_no_spark_is_said(tmp_path: Path) -> None:
    done = started(tmp_path, tmp_path)
    assert done.returncode == 1
    assert "make setup-spark-server" in done.stderr


def test_a_server_that_ends_at_once_says_its_last_words(spark: Path, tmp_path: Path) -> None:
    script(tmp_path / "java" / "bin" / "java", "echo 'openjdk version \"17.0.1\"' >&2")
    done = started(spark, tmp_path / "java")
    assert done.returncode == 1
    assert "Spark's master did not start" in done.stderr
    assert "no room for org.apache.spark.deploy.master.Master" in done.stderr
