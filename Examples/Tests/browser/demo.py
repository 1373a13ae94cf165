"""The running demo: three pods on free ports of this machine's loopback interface."""

import json
import signal
import socket
import subprocess
import threading
import urllib.request

from chromium import Failure


class Demo:
    """The `web` program. Use it in a `with` statement: it is stopped at the end."""

    names = ("pod-1", "pod-2", "pod-3")

    def __init__(self, program):
        self.program = program
        self.port = first_free_port(len(self.names))
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()

    def url(self, pod, path="/"):
        return f"http://127.0.0.1:{self.port + self.names.index(pod)}{path}"

    def start(self):
        """Starts the program and waits until it says that it is ready."""
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = []
        ready = threading.Event()

        def read(stream):
            for line in stream:
                self.output.append(line)
                if "Stop with Ctrl-C" in line:
                    ready.set()
            ready.set()

        self.reader = threading.Thread(target=read, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        if not ready.wait(timeout=30) or self.process.poll() is not None:
            raise Failure("the demo did not start:\n" + "".join(self.output))
        missing = [name for name in self.names if self.url(name) not in "".join(self.output)]
        if missing:
            raise Failure(f"the demo did not print the page of {missing}:\n" + "".join(self.output))

    def stop(self, by=signal.SIGTERM, seconds=10):
        """Stops the program as a person would; a graceful stop ends with exit code 0."""
        process, self.process = self.process, None
        process.send_signal(by)
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure(f"the demo did not stop within {seconds} seconds of {by.name}") from None
        self.reader.join(timeout=5)
        if code != 0:
            raise Failure(f"the demo ended with exit code {code}:\n" + "".join(self.output))

    def get(self, pod, path):
        with urllib.request.urlopen(self.url(pod, path), timeout=5) as answer:
            return json.load(answer)

    def status(self, pod):
        return self.get(pod, "/api/status")

    def keys(self, pod):
        return {entry["key"] for entry in self.get(pod, "/api/entries")}


def first_free_port(count):
    """The first of so many ports in a row that nobody listens on."""
    for first in range(19080, 29080, count):
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.socket())
                sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sockets[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for bound in sockets:
                bound.close()
    raise Failure("found no free ports")
