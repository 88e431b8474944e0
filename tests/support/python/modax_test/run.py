"""Runs one test module, or one class of it, and prints a line for each case.

    python3 -m modax_test.run FILE.py [CLASS[.CASE] ...]

Exit: 0 all passed, 1 something failed, 77 everything was skipped (ctest: SKIP_RETURN_CODE).
"""
import importlib.util
import pathlib
import sys
import time
import unittest

SKIPPED = 77


class _Lines(unittest.TestResult):
    """`ok`, `FAIL`, `skip` with the time and, when it is not ok, the reason."""

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()

    def _line(self, word, test, reason=""):
        spent = time.monotonic() - getattr(self, "_started", time.monotonic())
        print(f"{word:5} {spent:7.2f} s  {test.id()}{': ' + reason if reason else ''}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line("FAIL", test)
        print(self.failures[-1][1], flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        self._line("FAIL", test)
        print(self.errors[-1][1], flush=True)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._line("FAIL", subtest)
            print((self.failures or self.errors)[-1][1], flush=True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("skip", test, reason)


def load(file):
    path = pathlib.Path(file).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def main(arguments):
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        module = load(arguments[0])
    except unittest.SkipTest as reason:
        print(f"skip  {arguments[0]}: {reason}")
        return SKIPPED
    loader = unittest.defaultTestLoader
    if arguments[1:]:
        suite = loader.loadTestsFromNames(arguments[1:], module)
    else:
        suite = loader.loadTestsFromModule(module)
    result = _Lines()
    suite.run(result)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{result.testsRun} cases, {failed} failed, {skipped} skipped")
    if failed:
        return 1
    if skipped >= result.testsRun:
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
