"""A headless Chromium, driven over the DevTools protocol with nothing but Python's standard library.

Chromium reads commands from one pipe and writes answers and events to another (--remote-debugging-pipe): JSON, each
message ended by a zero byte. No port, no websocket.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Failure(Exception):
    """Something is not as it should be."""


class Chromium:
    """The browser. Use it in a `with` statement: it ends with it."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="podshare-chromium-")
        commands_out, self.commands = os.pipe()
        self.answers, answers_in = os.pipe()
        arguments = [
            program,
            "--headless=new",
            "--remote-debugging-pipe",
            f"--user-data-dir={self.profile}",
            "--no-first-run",
            "--no-default-browser-check",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            # Tabs in the background run like the one in front.
            "--disable-background-timer-throttling",
            "--disable-backgrounding-occluded-windows",
            "--disable-renderer-backgrounding",
            "--force-color-profile=srgb",
            "--hide-scrollbars",
            "--lang=en-US",
        ]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        # Chromium wants the pipes as its file descriptors 3 and 4.
        shell = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        self.log = open(os.path.join(self.profile, "chromium.log"), "wb")
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "chromium", str(commands_out), str(answers_in), *arguments],
            pass_fds=(commands_out, answers_in),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        os.close(commands_out)
        os.close(answers_in)
        self.unread = b""
        self.last_id = 0
        self.results = {}
        self.tabs = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.send("Browser.close")
            self.process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.log.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def open_tab(self, name, url):
        target = self.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session, name)
        self.tabs[session] = tab
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        # Every tab behaves as if it were the one in front.
        tab.call("Emulation.setFocusEmulationEnabled", enabled=True)
        tab.go(url)
        return tab

    def send(self, method, session=None, **parameters):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        return self.last_id

    def call(self, method, session=None, timeout=20, **parameters):
        """Sends a command and waits for its result."""
        number = self.send(method, session, **parameters)
        deadline = time.monotonic() + timeout
        while number not in self.results:
            self.listen(deadline - time.monotonic(), method)
        answer = self.results.pop(number)
        if "error" in answer:
            raise Failure(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def listen(self, seconds, waiting_for="anything"):
        """Takes in what the browser says, waiting at most so long for it to say something."""
        if seconds <= 0:
            raise Failure(f"the browser did not answer in time ({waiting_for})")
        if not select.select([self.answers], [], [], seconds)[0]:
            return
        chunk = os.read(self.answers, 1 << 20)
        if not chunk:
            raise Failure("the browser ended unexpectedly; its last words:\n" + self.last_words())
        *messages, self.unread = (self.unread + chunk).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.results[message["id"]] = message
            elif message.get("sessionId") in self.tabs:
                self.tabs[message["sessionId"]].hear(message["method"], message["params"])

    def last_words(self):
        self.log.flush()
        with open(self.log.name, errors="replace") as log:
            return "".join(log.readlines()[-10:])


class Tab:
    """One tab of the browser."""

    def __init__(self, browser, session, name):
        self.browser = browser
        self.session = session
        self.name = name
        # What went wrong in the page: exceptions, console.error, refused scripts and styles.
        self.errors = []

    def call(self, method, **parameters):
        return self.browser.call(method, session=self.session, **parameters)

    def hear(self, method, event):
        if method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "assert"):
            self.errors.append(" ".join(str(a.get("value", a.get("description"))) for a in event["args"]))
        elif method == "Log.entryAdded" and event["entry"]["level"] == "error":
            # A refused request is logged as well; the page shows those itself, and the test looks there.
            if event["entry"]["source"] != "network":
                self.errors.append(f"{event['entry']['source']}: {event['entry']['text']}")
        elif method == "Page.javascriptDialogOpening":
            self.errors.append(f"a script opened a dialog: {event['message']}")
            self.browser.send("Page.handleJavaScriptDialog", self.session, accept=True)

    def go(self, url):
        self.call("Page.navigate", url=url)

    def evaluate(self, script):
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failure(f"{self.name}: {details.get('exception', {}).get('description', details['text'])}\n  in: {script}")
        return answer["result"].get("value")

    def wait_until(self, script, what, seconds=5):
        """Waits until a JavaScript expression is true, and tells how long that took."""
        start = time.monotonic()
        while not self.evaluate(f"Boolean({script})"):
            if time.monotonic() - start > seconds:
                raise Failure(f"{self.name}: after {seconds} seconds still not so: {what}")
            self.browser.listen(0.02)
        return time.monotonic() - start

    def click(self, element):
        """Clicks with the mouse in the middle of an element, given as a JavaScript expression."""
        x, y = self.evaluate(
            f"""(async () => {{
              const found = {element};
              found.scrollIntoView({{ block: "nearest", behavior: "instant" }});
              // Drawn where it is now, so that the mouse meets it there.
              await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
              const box = found.getBoundingClientRect();
              const point = [box.x + box.width / 2, box.y + box.height / 2];
              const hit = document.elementFromPoint(...point);
              if (!found.contains(hit) && !hit?.contains(found)) throw new Error("something covers " + found.outerHTML);
              return point;
            }})()"""
        )
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, field, text):
        """Replaces what a field holds by typing."""
        self.evaluate(f"(() => {{ const field = {field}; field.focus(); field.select(); }})()")
        if text:
            self.call("Input.insertText", text=text)
        else:
            self.press("Delete", 46)

    def press(self, key, code, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, text=text)

    def size(self, width, height, scale=1):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def colors(self, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def freeze(self):
        """Stops the page's animations near their beginning, for a picture of them."""
        self.evaluate("document.getAnimations().forEach((one) => { one.pause(); one.currentTime = 250; })")

    def thaw(self):
        self.evaluate("document.getAnimations().forEach((one) => one.finish())")

    def drawn(self):
        """Waits until what the page holds is on the screen."""
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def picture(self, whole_page=False):
        """What the page looks like: a PNG in base64."""
        self.call("Page.bringToFront")
        return self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole_page)["data"]

    def screenshot(self, path, whole_page=False):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.picture(whole_page)))
