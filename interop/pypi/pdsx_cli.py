"""The command line of pdsx does its commands against our host."""

import json
import os
import re
import subprocess
import sys
import tempfile

from check import check, finish, network

ready = network()
alice = ready["accounts"][0]
PDSX = os.path.join(os.path.dirname(sys.executable), "pdsx")
NOTE = "com.example.note"
PNG = b"\x89PNG\r\n\x1a\n and so on"
OWN = ["--handle", alice["handle"], "--password", alice["app_password"]]


def pdsx(*words, auth=OWN, status=0, stdin=None):
    """Runs a command and returns what it printed."""
    environment = {**os.environ, "COLUMNS": "500", "NO_COLOR": "1", "TERM": "dumb"}
    for name in ("ATPROTO_HANDLE", "ATPROTO_PASSWORD", "ATPROTO_PDS_URL"):
        environment.pop(name, None)
    command = [PDSX, "--pds", ready["url"], *auth, *words]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, input=stdin, cwd=tempfile.gettempdir()
    )
    assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def created(text):
    return re.search(rf"at://{alice['did']}/\S+", text).group(0)


def value(uri):
    shown = json.loads(pdsx("get", uri, "-o", "json", auth=["-r", alice["did"]]))
    return shown.get("value", shown)


@check("whoami")
def _():
    assert f"{alice['handle']} ({alice['did']})" in pdsx("whoami")


@check("create, get, ls, edit and rm")
def _():
    uri = created(pdsx("create", NOTE, "text=made by pdsx"))
    assert value(uri)["text"] == "made by pdsx"
    assert uri.split("/")[-1] in pdsx("ls", NOTE, auth=["-r", alice["did"]])
    pdsx("edit", uri, "text=changed")
    assert value(uri)["text"] == "changed"
    pdsx("rm", uri)
    pdsx("get", uri, auth=["-r", alice["did"]], status=1)


@check("ls of a repository")
def _():
    pdsx("create", NOTE, "text=kept")
    assert NOTE in pdsx("ls", auth=["-r", alice["did"]])


@check("create of several records from standard input")
def _():
    lines = "\n".join(json.dumps({"text": f"line {number}"}) for number in range(5))
    pdsx("create", NOTE, stdin=lines)
    listed = json.loads(pdsx("ls", NOTE, "-o", "json", auth=["-r", alice["did"]]))
    assert sum("line " in json.dumps(record) for record in listed) == 5


@check("upload-blob")
def _():
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(PNG)
        file.flush()
        shown = pdsx("upload-blob", file.name)
    blob = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    assert (blob["mimeType"], blob["size"]) == ("image/png", len(PNG))


@check("spaces, which it asks of public hosts alone")
def _():
    # The refusal is its own: no host on loopback can be asked, ours or another.
    assert "refusing to query non-public host 'localhost'" in pdsx("spaces", "ls", "-o", "json", status=1)


@check("a wrong password")
def _():
    wrong = ["--handle", alice["handle"], "--password", "abcd-efgh-ijkl-mnop"]
    assert "Invalid identifier or password" in pdsx("whoami", auth=wrong, status=1)


finish("pdsx")
