"""modax_flood and modax_ws_drain from Python."""
import json
import os
import subprocess

from .tools import require_binary


class Flood:
    """One running modax_flood (`publish` or `subscribe`) or modax_ws_drain."""

    def __init__(self, *arguments, program="flood"):
        if program == "flood":
            path = require_binary("MODAX_FLOOD", "modax_flood")
        else:
            path = require_binary("MODAX_WS_DRAIN", "modax_ws_drain")
        self.command = [path, *map(str, arguments)]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )

    def wait_ready(self):
        """Until a subscriber has its subscriptions."""
        line = self.process.stdout.readline()
        if line.strip() != "ready":
            raise AssertionError(f"{self.command} did not get ready: {line}{self.process.stderr.read()}")
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.result(check=False)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    @property
    def running(self):
        return self.process.poll() is None

    def result(self, timeout=300, check=True):
        """The report; `exit` in it is the exit code."""
        try:
            out, error = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"{self.command} did not end within {timeout} s") from None
        lines = [line for line in out.splitlines() if line.startswith("{")]
        if not lines:
            raise AssertionError(f"{self.command} left with {self.process.returncode}: {error}")
        report = json.loads(lines[-1])
        report["exit"] = self.process.returncode
        if check and self.process.returncode != 0:
            raise AssertionError(f"{self.command} left with {self.process.returncode}: {report}")
        return report

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def publish(port, **options):
    """Starts `modax_flood publish`; options as on its command line, `_` for `-`."""
    return Flood("publish", "--port", port, *_arguments(options))


def subscribe(port, **options):
    return Flood("subscribe", "--port", port, *_arguments(options)).wait_ready()


def drain_websocket(port, **options):
    return Flood("--port", port, *_arguments(options), program="ws_drain").wait_ready()


def _arguments(options):
    arguments = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if value is True:
            arguments.append(option)
        elif value is not None and value is not False:
            arguments += [option, os.fspath(value) if isinstance(value, os.PathLike) else str(value)]
    return arguments
