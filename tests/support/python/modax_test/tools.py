"""Programs the suites need; a test is skipped, with the reason, when one is missing."""
import os
import shutil
import subprocess
import unittest


# The programs are built with a sanitizer, so a load must be smaller to say the same.
SANITIZED = "MODAX_SANITIZED" in os.environ


def find_tool(name):
    """Path of a program, also in the sbin folders that are not on a user's PATH; None: missing."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")


def require_tool(name):
    path = find_tool(name)
    if path is None:
        raise unittest.SkipTest(f"{name} is not installed")
    return path


def require_binary(variable, what):
    """Path in an environment variable that ctest sets (MODAX_BINARY, MODAX_FLOOD, ...)."""
    path = os.environ.get(variable)
    if not path:
        raise unittest.SkipTest(f"{variable} is not set: run by ctest, or set it to {what}")
    if not os.access(path, os.X_OK):
        raise unittest.SkipTest(f"{variable}={path} is no program: build {what} first")
    return path


def run(*command, timeout=60, check=True, **options):
    """A finished command with its output as text."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=timeout, **options
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, command))} left with {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done
