"""A Varlink client in a few lines: one JSON object and a NUL each way."""

import json
import socket
import sys


def replies(path, method, parameters=None, more=False):
    """Calls a method and yields the parameters of its replies."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        call = {"method": f"io.gif2video.Control.{method}", "parameters": parameters or {}}
        connection.sendall(json.dumps(call | ({"more": True} if more else {})).encode() + b"\0")
        with connection.makefile("rb") as stream:
            data = b""
            while chunk := stream.read1(65536):
                *messages, data = (data + chunk).split(b"\0")
                for message in map(json.loads, messages):
                    if "error" in message:
                        sys.exit(f"{message['error']}: {message.get('parameters')}")
                    yield message["parameters"]
                    if not message.get("continues"):
                        return


if __name__ == "__main__":
    path, gif = sys.argv[1:3]
    events = replies(path, "Monitor", {"progress": True}, more=True)
    next(events)  # from here on nothing is missed
    (queued,) = replies(path, "Submit", {"path": gif, "stream": "submit", "options": {"rate": "source"}})
    for event in (reply["event"] for reply in events):
        job = event.get("job") or {}
        if job.get("job") == queued["job"]:
            print(event["kind"], job["state"], job.get("progress", ""), flush=True)
            if job["state"] in ("done", "failed", "cancelled"):
                break
