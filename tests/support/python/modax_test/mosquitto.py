"""A Mosquitto on a free loopback port: the reference broker, and the uplink's other end."""
import os
import pathlib
import pwd
import socket

from .ports import free_ports
from .server import Server
from .tools import require_tool, run


class Mosquitto(Server):
    """Plain MQTT on `port`, WebSocket on `ws_port`, and TLS on `tls_port` with `certificates`."""

    def __init__(self, directory, certificates=None, users=None, extra="", **settings):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        super().__init__("mosquitto", directory / "mosquitto.log")
        self.program = require_tool("mosquitto")
        self.directory = directory
        self.certificates = certificates
        self.port, self.ws_port, self.tls_port = free_ports(3)
        self.users = users or {}
        # Started by root it would become "mosquitto", who can't read a test's files.
        user = pwd.getpwuid(os.getuid()).pw_name
        self.settings = {
            "user": user, "persistence": "false", "max_inflight_messages": 0, **settings
        }
        self.extra = extra

    @property
    def configuration(self):
        lines = [f"{key} {value}" for key, value in self.settings.items()]
        lines.append("allow_anonymous " + ("false" if self.users else "true"))
        if self.users:
            lines.append(f"password_file {self.directory / 'users'}")
        lines += [f"listener {self.port} 127.0.0.1"]
        lines += [f"listener {self.ws_port} 127.0.0.1", "protocol websockets"]
        if self.certificates is not None:
            server = self.certificates.server
            lines += [
                f"listener {self.tls_port} 127.0.0.1",
                f"cafile {self.certificates.ca_file}",
                f"certfile {server.certificate_file}",
                f"keyfile {server.key_file}",
            ]
        return "\n".join([*lines, self.extra, ""])

    def start(self):
        if self.users:
            users = self.directory / "users"
            users.write_text("".join(f"{name}:{secret}\n" for name, secret in self.users.items()))
            run(require_tool("mosquitto_passwd"), "-U", users)
        file = self.directory / "mosquitto.conf"
        file.write_text(self.configuration)
        self.spawn([self.program, "-c", file])
        self.wait_until(lambda: answers(self.port) and answers(self.ws_port), "its listeners are up")
        return self


def answers(port):
    """Somebody accepts connections on the loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
