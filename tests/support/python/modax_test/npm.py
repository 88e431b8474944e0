"""npm packages of a test, installed as its lock file says into the build folder when the tests run;
without npm or its registry the test is skipped."""
import os
import pathlib
import shutil
import subprocess
import unittest

from .tools import require_tool


def install_packages(folder, timeout=500):
    """The folder with node_modules for the package.json of `folder`; made once, because the lock
    file is copied last."""
    folder = pathlib.Path(folder)
    npm = require_tool("npm")
    base = pathlib.Path(os.environ.get("MODAX_NPM_DIR", folder / "../../build/npm"))
    target = base.resolve() / folder.name
    lock = (folder / "package-lock.json").read_bytes()
    stamp = target / "installed-lock.json"
    if stamp.exists() and stamp.read_bytes() == lock:
        return target
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, target)
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=target, timeout=timeout,
        capture_output=True, text=True, check=False,
    )
    if done.returncode != 0:
        raise unittest.SkipTest(
            f"npm ci could not install what {folder.name}/package-lock.json names: "
            f"{done.stderr.strip()[-300:]}"
        )
    stamp.write_bytes(lock)
    return target
