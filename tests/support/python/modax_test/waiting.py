"""Waiting for a condition, never for a time."""
import time


class NotInTime(AssertionError):
    """The condition did not come true within its bound."""


def wait_for(condition, what, timeout=10.0, interval=0.01):
    """Returns the first true value of `condition()`; raises NotInTime after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise NotInTime(f"not within {timeout:g} s: {what}")
        time.sleep(interval)


def stays_true(condition, seconds, interval=0.05):
    """True when `condition()` held at every look during `seconds`: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            return False
        time.sleep(interval)
    return bool(condition())
