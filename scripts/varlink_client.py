"""The tests that scripts/test-varlink-client makes with the Python proxy of the varlink package."""

import sys
import threading

import varlink

SOCKET, GIF, CONFIGURATION = sys.argv[1:4]


def expect(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


def expect_error(name, call, **parameters):
    """Checks the error's name and its parameters."""
    try:
        call()
    except varlink.VarlinkError as error:
        expect(error.error() == f"io.gif2video.Control.{name}", f"{name}, but {error.error()}")
        expect(error.parameters() == parameters, f"{parameters}, but {error.parameters()}")
        return
    sys.exit(f"no {name}")


with varlink.Client.new_with_address(f"unix:{SOCKET}") as client:
    names = client.get_interfaces()
    expect("io.gif2video.Control" in names and "org.varlink.service" in names, names)
    with client.open("io.gif2video.Control") as control:
        status = control.GetStatus()
        expect(status["state"] == "running" and status["streams"] == 1, status)

        # Follow, on a connection of its own, until the job is done.
        states, following = [], threading.Event()

        def follow():
            with client.open("io.gif2video.Control") as monitor:
                for reply in monitor.Monitor(_more=True):
                    following.set()
                    job = reply["event"].get("job")
                    if job:
                        states.append(job["state"])
                        if job["state"] == "done":
                            return

        thread = threading.Thread(target=follow)
        thread.start()
        expect(following.wait(30), "Monitor says that it follows")
        job = control.Submit(path=GIF, stream="drop")["job"]
        thread.join(60)
        expect(states == ["queued", "running", "done"], states)
        info = control.GetJob(job)["job"]
        expect(info["pictures"] == 3 and info["output"].endswith(".y4m"), info)
        expect(control.ListJobs(stream="drop", limit=1)["jobs"][0]["job"] == job, "the newest job is listed first")

        # Pause, cancel, resume.
        control.Pause(stream="drop")
        waiting = control.Submit(path=GIF, stream="drop", options={"rate": "50"})["job"]
        expect(control.GetJob(waiting)["job"]["state"] == "queued", "a paused stream starts nothing")
        control.Cancel(job=waiting)
        expect_error("InvalidState", lambda: control.Cancel(job=waiting), job=waiting, state="cancelled")
        control.Resume(stream="drop")

        expect_error("NoSuchJob", lambda: control.GetJob(4711), job=4711)
        expect_error("NoSuchStream", lambda: control.Submit(path=GIF, stream="none"), stream="none")
        expect_error(
            "PathNotReadable", lambda: control.Submit(path="relative.gif", stream="drop"),
            path="relative.gif", reason="not an absolute path")

        # Reload: refused as a whole, then taken.
        with open(CONFIGURATION, encoding="utf-8") as file:
            sound = file.read()
        with open(CONFIGURATION, "w", encoding="utf-8") as file:
            file.write(sound + "\nspeed = 7\n")
        try:
            control.Reload()
            sys.exit("a configuration with a mistake was taken")
        except varlink.VarlinkError as error:
            expect(error.error() == "io.gif2video.Control.ConfigurationInvalid", error.error())
            expect("speed: there is no such key" in error.parameters()["problems"][0], error.parameters())
        with open(CONFIGURATION, "w", encoding="utf-8") as file:
            file.write(sound)
        control.Reload()
        control.SetRate(stream="drop", rate="source")
        expect(control.ListStreams()["streams"][0]["rate"] == "source", "the rate is set")
        statistics = control.GetStatistics()
        expect(statistics["streams"][0]["done"] == 1 and statistics["memory"] > 0, statistics)
print("the foreign client is content")
