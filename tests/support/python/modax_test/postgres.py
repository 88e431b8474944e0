"""A PostgreSQL of its own on a free loopback port, in a temporary directory: the plant store of a
test. `python3 -m modax_test.postgres start|stop FILE` keeps one for the unit tests (a ctest fixture);
FILE then holds its pid, URL and password."""
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from .ports import free_port
from .server import Server
from .tools import require_tool, run

PASSWORD = "of-the-test-only"


def require_program(name):
    """A program of the newest PostgreSQL installed; Debian keeps them off the PATH."""
    versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("[0-9]*"), key=lambda p: int(p.name))
    for folder in reversed(versions):
        if int(folder.name) >= 15 and (folder / "bin" / name).exists():
            return str(folder / "bin" / name)
    raise unittest.SkipTest(f"{name} of PostgreSQL 15 or newer is not installed")


def unprivileged():
    """PostgreSQL refuses to run as root: then "postgres", whom Debian's package makes."""
    if os.getuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        raise unittest.SkipTest("there is no user postgres to run PostgreSQL as") from None
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class Postgres(Server):
    """`url` is for the role modax, who owns the database modax, as an installation would have it;
    `admin_url` for the superuser. Both have PASSWORD. `certificates`: TLS with their server's."""

    def __init__(self, certificates=None, durable=False, settings=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="modax-postgres-"))
        super().__init__("postgres", self.directory / "postgres.log")
        self.account = unprivileged()
        self.certificates = certificates
        self.port = free_port()
        self.password = PASSWORD
        self.settings = {
            "port": self.port,
            "listen_addresses": "'127.0.0.1'",
            "unix_socket_directories": "''",
            "fsync": "on" if durable else "off",
            "max_connections": 60,
            "shared_buffers": "64MB",
            **(settings or {}),
        }

    @property
    def data(self):
        return self.directory / "data"

    @property
    def url(self):
        return self.url_of("modax")

    @property
    def admin_url(self):
        return self.url_of("postgres", user="postgres")

    def url_of(self, database, user="modax", host="127.0.0.1"):
        return f"postgresql://{user}@{host}:{self.port}/{database}"

    def own(self, path, mode):
        path.chmod(mode)
        if self.account:
            shutil.chown(path, self.account["user"], self.account["group"])

    def initialise(self):
        self.own(self.directory, 0o700)
        secret = self.directory / "password"
        secret.write_text(PASSWORD)
        self.own(secret, 0o600)
        run(
            require_program("initdb"), "-D", self.data, "-U", "postgres", "-E", "UTF8", "--no-sync",
            "--locale=C.UTF-8", "-A", "scram-sha-256", f"--pwfile={secret}",
            cwd="/", **self.account,
        )
        lines = [f"{key} = {value}" for key, value in self.settings.items()]
        if self.certificates is not None:
            for name, file in (("crt", self.certificates.server.certificate_file),
                               ("key", self.certificates.server.key_file)):
                own = self.data / f"server.{name}"
                shutil.copy(file, own)
                self.own(own, 0o600)
            lines += ["ssl = on"]
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join([*lines, ""]))

    @property
    def command(self):
        return [require_program("postgres"), "-D", self.data]

    def start(self):
        first = not self.data.exists()
        if first:
            self.initialise()
        self.spawn(self.command, cwd="/", **self.account)
        self.wait_until(self.is_ready, "it answers", timeout=60)
        if first:
            self.sql(f"CREATE ROLE modax LOGIN PASSWORD '{PASSWORD}'", url=self.admin_url)
            self.sql("CREATE DATABASE modax OWNER modax", url=self.admin_url)
        return self

    def is_ready(self):
        done = run(
            require_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", self.port, check=False
        )
        return done.returncode == 0

    def stop(self, timeout=30):
        """Ends the sessions and leaves in order ("fast")."""
        if self.running:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout)

    def crash(self):
        """As after a power cut of the machine: all processes at once, nothing written."""
        if self.running:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)

    def kill(self):
        if self.running:
            self.resume()
        self.crash()
        shutil.rmtree(self.directory, ignore_errors=True)

    def process_ids(self):
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [self.pid, *map(int, children.split())]

    def pause(self):
        """All of it hangs: it takes connections (the kernel does) and answers nothing."""
        for pid in self.process_ids():
            os.kill(pid, signal.SIGSTOP)

    def resume(self):
        for pid in self.process_ids():
            os.kill(pid, signal.SIGCONT)

    def sql(self, statement, url=None, password=PASSWORD, check=True, options=()):
        """The lines psql prints, columns parted by '|'; with check=False the finished process."""
        done = run(
            require_tool("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *options,
            "-d", url or self.url, "-c", statement,
            env={**os.environ, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10"}, check=check,
        )
        return done.stdout.splitlines() if check else done


def start_for_later(file):
    server = Postgres().start()
    file.write_text(json.dumps({
        "pid": server.pid, "directory": str(server.directory), "url": server.admin_url,
        "password": server.password,
    }))


def stop_earlier(file):
    if not file.exists():
        return
    known = json.loads(file.read_text())
    started = pathlib.Path(known["directory"]) / "data/postmaster.pid"
    # Only while it is still that server: the number may be another process's by now.
    if started.exists() and started.read_text().split()[0] == str(known["pid"]):
        try:
            os.kill(known["pid"], signal.SIGQUIT)
        except ProcessLookupError:
            pass
    shutil.rmtree(known["directory"], ignore_errors=True)
    file.unlink()


def main():
    word, file = sys.argv[1], pathlib.Path(sys.argv[2])
    try:
        stop_earlier(file)
        if word == "start":
            start_for_later(file)
    except unittest.SkipTest as reason:
        print(f"SKIP: {reason}")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
