"""A server as a child process: started, watched, stopped by its pid, its output kept."""
import re
import signal
import subprocess

from .waiting import wait_for


# What a sanitizer prints when it finds something.
SANITIZER = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error: ")


class ServerDied(AssertionError):
    """The server ended although nobody told it to."""


class Server:
    """Base of Gateway and Mosquitto. `output` is the file with what the process printed."""

    def __init__(self, name, output):
        self.name = name
        self.output = output
        self.process = None

    def spawn(self, command, **options):
        if self.running:
            raise AssertionError(f"{self.name} is running already")
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **options,
            )

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def wait_until(self, condition, what, timeout=15):
        """As wait_for, but says at once, with its last lines, when the server has died."""

        def alive():
            value = condition()
            if not value and not self.running:
                raise ServerDied(
                    f"{self.name} left with {self.process.returncode} before {what}:\n"
                    + "\n".join(self.log().splitlines()[-15:])
                )
            return value

        return wait_for(alive, f"{self.name}: {what}", timeout)

    def stop(self, timeout=15):
        """SIGTERM; returns the exit code. SIGKILL and a failure when it does not leave."""
        if self.process is None:
            return None
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout)
            self.check_sanitizers()
            return code
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {timeout} s of SIGTERM") from None

    def kill(self):
        """kill -9, at once."""
        if self.running:
            self.process.kill()
        if self.process is not None:
            self.process.wait()
            self.check_sanitizers()

    def check_sanitizers(self):
        """In a sanitized build a finding is a failure, wherever the server was in a test."""
        text = self.log()
        found = SANITIZER.search(text)
        if found:
            raise AssertionError(f"{self.name}:\n{text[found.start():found.start() + 8000]}")

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError(f"{self.name}: no VmRSS")

    def cpu_seconds(self):
        """User and system time of all threads so far."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / 100.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
