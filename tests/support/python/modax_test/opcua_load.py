"""modax_opcua_load from Python: open62541's client, and a bare open62541 server."""
import json
import subprocess

from .tools import require_binary, require_tool


def der(certificate, key):
    """A pair of PEM files as the DER files that open62541 takes, beside them."""
    openssl = require_tool("openssl")
    made = certificate.with_suffix(".der"), key.with_suffix(".key.der")
    subprocess.run([openssl, "x509", "-in", certificate, "-outform", "DER", "-out", made[0]],
                   check=True, capture_output=True)
    subprocess.run([openssl, "rsa", "-in", key, "-outform", "DER", "-out", made[1]],
                   check=True, capture_output=True)
    return made


class OpcUaLoad:
    """One running `modax_opcua_load`; options as on its command line, `_` for `-`."""

    def __init__(self, command, **options):
        self.command = [require_binary("MODAX_OPCUA_LOAD", "modax_opcua_load"), command]
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            if value is True:
                self.command.append(flag)
            else:
                self.command += [flag, str(value)]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self):
        """Until a server listens, or a subscriber has the first value of every item."""
        line = self.process.stdout.readline()
        if line.strip() != "ready":
            raise AssertionError(f"{self.command} did not get ready: {line}{self.process.stderr.read()}")
        return self

    def result(self, timeout=300):
        try:
            out, error = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.command} did not end within {timeout} s") from None
        if self.process.returncode != 0:
            raise AssertionError(f"{self.command} left with {self.process.returncode}: {error}")
        return json.loads([line for line in out.splitlines() if line.startswith("{")][-1])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
