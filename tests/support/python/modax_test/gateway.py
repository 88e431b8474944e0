"""The gateway under test: a real `modax serve` on free loopback ports and its own data directory."""
import json
import os
import pathlib
import sqlite3
import stat

from .metrics import Metrics
from .server import Server
from .tools import require_binary

try:
    import requests
except ImportError:
    requests = None

# A proxy of the site must not stand between a test and its own gateway.
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1"
# What every suite needs that drives the gateway as a general broker from one address.
OPEN_ACCESS = {
    "mqtt.allow_anonymous_on_loopback": "true",
    "http.max_connections_per_address": "1000",
}


class Gateway(Server):
    """`start()` waits for endpoints.json; ports stay the same over restarts."""

    def __init__(self, directory, settings=None, anonymous=True, environment=None, prefix=()):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        super().__init__("modax serve", directory / "modax.log")
        self.program = require_binary("MODAX_BINARY", "modax")
        self.directory = directory
        self.data = directory / "data"
        self.prefix = list(prefix)
        self.environment = {**os.environ, **(environment or {})}
        self.settings = {"http.port": "0", "mqtt.port": "0", "opcua.port": "0"}
        if anonymous:
            self.settings.update(OPEN_ACCESS)
        self.settings.update(settings or {})
        self.endpoints = {}
        self.extra = []  # further arguments of `serve`

    @property
    def command(self):
        overrides = []
        for key, value in self.settings.items():
            overrides += ["--set", f"{key}={value}"]
        return [*self.prefix, self.program, "serve", "--data-dir", self.data, *self.extra, *overrides]

    def launch(self):
        """Starts without waiting."""
        # A kill -9 leaves the file behind; it must not be taken for the new one's.
        self.endpoints_file.unlink(missing_ok=True)
        self.spawn(self.command, env=self.environment)
        return self

    def start(self, timeout=20):
        self.launch()
        self.endpoints = self.wait_until(self._read_endpoints, "endpoints.json", timeout)
        for name in ("http", "https", "mqtt", "mqtts", "opcua"):
            if name in self.endpoints and self.settings.get(f"{name}.port") == "0":
                self.settings[f"{name}.port"] = str(port_of(self.endpoints[name]))
        return self

    def restart(self):
        self.stop()
        return self.start()

    @property
    def endpoints_file(self):
        return self.data / "endpoints.json"

    def _read_endpoints(self):
        try:
            return json.loads(self.endpoints_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    @property
    def mqtt_port(self):
        return port_of(self.endpoints["mqtt"])

    @property
    def mqtts_port(self):
        return port_of(self.endpoints["mqtts"])

    @property
    def http_port(self):
        return port_of(self.endpoints["http"])

    @property
    def admin_key(self):
        file = pathlib.Path(self.endpoints["admin_key_file"])
        mode = stat.S_IMODE(file.stat().st_mode)
        assert mode == 0o600, f"{file} has mode {mode:o}"
        return file.read_text().strip()

    def get(self, path, key=None, **options):
        """An answer of the REST interface; with the admin key unless another (or "") is given."""
        headers = options.pop("headers", {})
        key = self.admin_key if key is None else key
        if key:
            headers = {"X-API-Key": key, **headers}
        return requests.get(
            self.endpoints["http"].rstrip("/") + path, headers=headers, timeout=30, **options
        )

    def json(self, path, **parameters):
        answer = self.get(path, params=parameters)
        answer.raise_for_status()
        return answer.json()

    def metrics(self):
        answer = self.get("/metrics")
        answer.raise_for_status()
        return Metrics(answer.text)

    def is_ready(self):
        try:
            return self.get("/ready", key="").status_code == 200
        except requests.ConnectionError:
            return False

    @property
    def database_file(self):
        files = [file for file in self.data.glob("*.db")] + list(self.data.glob("*.sqlite*"))
        files = [file for file in files if not file.name.endswith(("-wal", "-shm"))]
        assert len(files) == 1, f"databases in {self.data}: {files}"
        return files[0]

    def query(self, statement, *parameters):
        """Reads the store while the gateway runs, as a BI tool would."""
        database = sqlite3.connect(f"file:{self.database_file}?mode=ro", uri=True, timeout=30)
        try:
            return database.execute(statement, parameters).fetchall()
        finally:
            database.close()

    def stored_count(self):
        return self.query("SELECT count(*) FROM sensor_data")[0][0]


def port_of(url):
    return int(url.rstrip("/").rpartition(":")[2].partition("/")[0])
