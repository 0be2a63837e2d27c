"""Counts what was checked, and says what did not hold."""

import json
import os
import sys
import traceback

passed = 0
failed = 0


def check(what):
    """Runs the function below it at once, as one check."""

    def run(body):
        global passed, failed
        try:
            body()
            passed += 1
            print(f"ok {what}")
        except Exception:
            failed += 1
            print(f"FAIL {what}: {traceback.format_exc()}")
        sys.stdout.flush()

    return run


def refused(kind, error, call, message=None):
    """Whether the call is refused with this exception and this XRPC error."""
    try:
        call()
    except kind as exception:
        content = exception.response.content
        assert content.error == error, f"{content.error}: {content.message}"
        assert message is None or message in content.message, content.message
        return exception
    raise AssertionError(f"was not refused with {error}")


def network():
    """The network to talk to: the JSON line of `gatewright dev --json`, in GATEWRIGHT_READY."""
    return json.loads(os.environ["GATEWRIGHT_READY"])


def finish(name):
    print(f"{name}: {passed} passed, {failed} failed")
    sys.exit(0 if failed == 0 and passed > 0 else 1)
