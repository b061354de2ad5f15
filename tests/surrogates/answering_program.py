"""A program that answers by the protocol of external simulators, or does the deed that an input names."""

import ctypes
import json
import os
import subprocess
import sys
import time

ARGUMENTS = sys.argv[1:]


def say(text, end="\n"):
    sys.stdout.write(text + end)
    sys.stdout.flush()


def deed_of(name, request, answer):
    if name == "exit":
        print("licence expired", file=sys.stderr)
        sys.exit(3)
    elif name == "exit quietly":
        sys.exit(0)
    elif name == "segfault":
        ctypes.string_at(0)
    elif name == "hang":
        child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(1000)"])
        print("child", child.pid, file=sys.stderr)
        sys.stderr.flush()
        time.sleep(1000)
    elif name == "half a line":
        say(answer[:20], "")
        time.sleep(1000)
    elif name == "half a line and exit":
        say(answer[:20], "")
        sys.exit(0)
    elif name == "half a line and fail":
        say(answer[:20], "")
        sys.exit(1)
    elif name == "no line feed and exit":
        say(answer, "")
        sys.exit(0)
    elif name == "noise before":
        say("Loading models ...")
        say(answer)
    elif name == "noise after":
        say(answer)
        say("done")
    elif name == "empty lines":
        say("\n  \n" + answer + "\r")
    elif name == "twice":
        say(answer)
        say(answer)
    elif name == "close input":
        sys.stdin.close()
        os.close(0)
        say(answer)
        time.sleep(1000)
    elif name == "close output":
        os.close(1)
        time.sleep(1000)
    elif name == "endless line":
        while True:
            say("x" * 65536, "")
    elif name == "chatter":
        print("warning " * 100_000, file=sys.stderr)
        say(answer)
    elif name == "huge answer":
        say(json.dumps({"id": request["id"], "outputs": {"sum": 1, "product": 2}, "log": "y" * 2_000_000}))
    elif name == "error":
        say(json.dumps({"id": request["id"], "error": "no convergence at step " + "9" * 10}))
    else:
        say(answer)


def main():
    answered = 0
    while line := sys.stdin.readline():
        request = json.loads(line)
        inputs = request["inputs"]
        outputs = {
            "sum": inputs["a"] + inputs["b"],
            "product": inputs["a"] * inputs["b"],
            "process": os.getpid(),
            "answered": answered,
            "seed": request.get("seed", -1),
            "temperature": request.get("corner", {}).get("parameters", {}).get("temperature", -1),
            "keys": len(request),
        }
        answered += 1
        deed_of(inputs["deed"], request, json.dumps({"id": request["id"], "outputs": outputs}))
        if "once" in ARGUMENTS:
            time.sleep(0.02 if "late" in ARGUMENTS else 0)
            sys.exit(5 if "badly" in ARGUMENTS else 0)


if __name__ == "__main__":
    main()
