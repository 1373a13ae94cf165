"""The demo in a real browser: three tabs, one a pod, and a story that they play together.

Usage: web_test.py WEB CHROMIUM SCREENSHOTS
"""

import glob
import json
import os
import signal
import subprocess
import sys
import time

from chromium import Chromium, Failure
from demo import Demo

NASTY = "<img src=x onerror=alert(1)>"
# A slash, a space, a quote, a percent sign, an emoji, right-to-left text and a letter of two code points.
STRANGE = 'a/b c"%41?#&=+ 🎉 שלום e\u0301'


def row(key):
    """The JavaScript expression for a flag's row."""
    return f"[...document.querySelectorAll('.row:not([inert])')].find((row) => row.flagKey === {json.dumps(key)})"


def part(key, name):
    return f"{row(key)}?.querySelector('.row-{name}')"


def text(element):
    return f"({element})?.textContent.trim()"


def by_id(name):
    return f"document.getElementById('{name}')"


class Story:
    """Each step is a sentence; a step may build on those before it."""

    def __init__(self, demo, browser, screenshots):
        self.demo = demo
        self.screenshots = screenshots
        self.tabs = [browser.open_tab(name, demo.url(name)) for name in demo.names]
        self.one, self.two, self.three = self.tabs
        self.browser = browser
        for tab in self.tabs:
            tab.size(1280, 900)

    # Actions

    def add(self, tab, key, note="", rollout=25, by_keyboard=False):
        tab.type(by_id("add-key"), key)
        tab.type(by_id("add-note"), note)
        tab.type(by_id("add-rollout"), str(rollout))
        if by_keyboard:
            tab.press("Enter", 13, text="\r")
        else:
            tab.click("document.querySelector('#add button[type=submit]')")

    def switch_network(self, tab, on):
        tab.click(by_id("network"))
        tab.wait_until(
            f"document.body.classList.contains('is-offline') === {'false' if on else 'true'}",
            f"the page says that its pod is {'on' if on else 'off'} the network",
        )

    def delete(self, tab, key):
        tab.wait_until("!document.querySelector('.row[inert]')", "no row on its way out")
        tab.click(part(key, "delete"))
        tab.wait_until(f"!({row(key)})", f"no row for {key!r}")

    # Expectations

    def sees(self, tab, key, seconds=5):
        return tab.wait_until(row(key), f"a row for {key!r}", seconds)

    def sees_gone(self, key):
        """The flag is gone from all tabs, and its row with it: what is below it has come to rest."""
        for tab in self.tabs:
            tab.wait_until(f"!({row(key)})", f"no row for {key!r}")
            tab.wait_until("!document.querySelector('.row[inert]')", "no row on its way out")

    def shows(self, tab, element, expected, seconds=5):
        tab.wait_until(f"{text(element)} === {json.dumps(expected)}", f"{element} shows {expected!r}", seconds)

    def knows(self, tab, neighbour, expected, seconds=5):
        """The line of a neighbour says this, without the times."""
        line = (
            f"[...document.querySelectorAll('.neighbours li')].find((li) => li.dataset.pod === '{neighbour}')"
        )
        words = f"[...{line}.querySelectorAll('.state, .difference')].map((part) => part.textContent).join(', ')"
        tab.wait_until(f"{words} === {json.dumps(expected)}", f"{neighbour} is shown as {expected!r}", seconds)

    def all_in_step(self, seconds=5):
        """Each pod has heard from both others that they are caught up and hold what it holds."""
        for tab in self.tabs:
            for name in self.demo.names:
                if name != tab.name:
                    self.knows(tab, name, "caught up, same as here ✓", seconds)

    def expect(self, condition, what):
        if not condition:
            raise Failure(what)

    # The story

    def opens_with_the_seeds(self):
        """each page opens with its pod's name, the seeds, and its neighbours: caught up, just seen, with the same flags"""
        for tab in self.tabs:
            self.shows(tab, by_id("pod-name"), tab.name)
            tab.wait_until(f"{text(by_id('agreement'))}.startsWith('same flags as pod-')", "the line at the top")
            self.sees(tab, "ui.dark-mode")
            tab.wait_until(
                "[...document.querySelectorAll('.neighbours .seen')].map((seen) => seen.textContent).join()"
                " === 'last seen just now,last seen just now'",
                "both neighbours were just seen",
            )
            self.expect(tab.evaluate("document.title") == f"{tab.name} · PodShare", "the title names the pod")
            links = tab.evaluate("[...document.querySelectorAll('.neighbours a')].map((a) => a.href)")
            others = [self.demo.url(name) for name in self.demo.names if name != tab.name]
            self.expect(links == others, f"{tab.name} links to {links}, not to {others}")
        self.all_in_step()

    def added_in_one_seen_in_all(self):
        """a flag added in tab 1 appears in tabs 2 and 3, with its origin and its latency"""
        self.add(self.one, "demo.greeting", "Says hello", 40)
        for tab in self.tabs:
            self.sees(tab, "demo.greeting")
            self.shows(tab, part("demo.greeting", "note"), "Says hello")
            self.shows(tab, part("demo.greeting", "percent"), "40 %")
        for tab in (self.two, self.three):
            self.shows(tab, f"{row('demo.greeting')}.querySelector('.chip')", "pod-1")
            tab.wait_until(
                rf"/^[\d.]+ (µs|ms|s)$/.test({text(part('demo.greeting', 'latency'))})", "a latency in the row"
            )
            tab.wait_until(
                rf"/pod-1added demo\.greeting[\d.]+ (µs|ms|s)$/.test({text('document.querySelector(`#changes li`)')})",
                "origin and latency in the list of live changes",
            )
        self.shows(self.one, f"{row('demo.greeting')}.querySelector('.chip')", "pod-1 (here)")
        self.one.wait_until(f"{by_id('add-key')}.value === ''", "the form is empty again")

    def edited_in_two_seen_in_all(self):
        """an edit in tab 2's dialog appears in tabs 1 and 3"""
        self.two.click(part("demo.greeting", "edit"))
        self.two.wait_until(f"{by_id('editor')}.open", "the dialog is open")
        self.two.type(by_id("edit-rollout"), "75")
        self.two.type(by_id("edit-note"), "Says good morning")
        self.two.click("document.querySelector('#edit button[type=submit]')")
        self.two.wait_until(f"!{by_id('editor')}.open", "the dialog is closed")
        for tab in self.tabs:
            self.shows(tab, part("demo.greeting", "percent"), "75 %")
            self.shows(tab, part("demo.greeting", "note"), "Says good morning")
        self.shows(self.one, f"{row('demo.greeting')}.querySelector('.chip')", "pod-2")

    def switched_and_slid(self):
        """the switch and the slider of a row write at once, by mouse and by keyboard"""
        self.three.click(part("demo.greeting", "enabled"))
        for tab in self.tabs:
            tab.wait_until(f"!{part('demo.greeting', 'enabled')}.checked", "the flag is off")
        self.three.evaluate(f"{part('demo.greeting', 'slider')}.focus()")
        for _ in range(5):
            self.three.press("ArrowRight", 39)
        for tab in self.tabs:
            self.shows(tab, part("demo.greeting", "percent"), "80 %")
        self.expect(not self.one.evaluate(f"{part('demo.greeting', 'enabled')}.checked"), "the flag is still off")

    def lost_update_refused(self):
        """an edit is refused when another pod has changed the flag in the meantime"""
        self.one.click(part("demo.greeting", "edit"))
        self.three.click(part("demo.greeting", "enabled"))
        self.one.wait_until(f"!{by_id('edit-conflict')}.hidden", "the dialog tells of the other change")
        self.shows(self.one, by_id("edit-conflict-text"), "pod-3 has just changed this flag.")
        self.one.click("document.querySelector('#edit button[type=submit]')")
        self.shows(self.one, by_id("edit-problem"), "Another pod has changed this flag in the meantime.")
        self.one.screenshot(self.picture("conflict"))
        self.one.click(by_id("edit-reload"))
        self.one.type(by_id("edit-note"), "Says good evening")
        self.one.click("document.querySelector('#edit button[type=submit]')")
        self.shows(self.three, part("demo.greeting", "note"), "Says good evening")
        self.expect(self.three.evaluate(f"{part('demo.greeting', 'enabled')}.checked"), "the flag is still on")

    def deleted_in_three_gone_in_all(self):
        """a flag deleted in tab 3 disappears from tabs 1 and 2"""
        self.three.click(part("demo.greeting", "delete"))
        self.sees_gone("demo.greeting")
        self.shows(self.one, "document.querySelector('#changes li .what')", "deleted demo.greeting")

    def apart(self):
        """with pod-2 off the network, it misses a flag set on pod-1, and the others one that it sets and one that it deletes"""
        self.add(self.one, "deleted.on-pod-2", "Until pod-2 is away")
        for tab in self.tabs:
            self.sees(tab, "deleted.on-pod-2")
        self.switch_network(self.two, on=False)
        self.add(self.one, "written.on-pod-1", "While pod-2 was away")
        self.add(self.two, "written.on-pod-2", "While away", 100)
        self.delete(self.two, "deleted.on-pod-2")
        self.sees(self.two, "written.on-pod-2")
        self.sees(self.three, "written.on-pod-1")
        # Three heartbeats later nothing has crossed.
        for tab, neighbour in ((self.one, "pod-2"), (self.three, "pod-2"), (self.two, "pod-1"), (self.two, "pod-3")):
            self.knows(tab, neighbour, "silent, same flags then")
        self.shows(self.one, by_id("agreement"), "same flags as pod-3; no word from pod-2")
        self.shows(self.two, by_id("agreement"), "no word from pod-1 and pod-3")
        self.expect(not self.two.evaluate(f"Boolean({row('written.on-pod-1')})"), "pod-2 must not have pod-1's flag")
        for tab in (self.one, self.three):
            name = tab.name
            self.expect(not tab.evaluate(f"Boolean({row('written.on-pod-2')})"), f"{name} must not have pod-2's flag")
            self.expect(tab.evaluate(f"Boolean({row('deleted.on-pod-2')})"), f"{name} must have what pod-2 deleted")
        for tab in self.tabs:
            tab.freeze()
        self.side_by_side("apart")
        for tab in self.tabs:
            tab.thaw()

    def forgotten(self):
        """a pod that stays off the network is gone from the others' neighbours, and they from its"""
        for tab, neighbour in ((self.one, "pod-2"), (self.three, "pod-2"), (self.two, "pod-1"), (self.two, "pod-3")):
            self.knows(tab, neighbour, "gone, ", seconds=10)

    def together(self):
        """back on the network, pod-2 and the others get both flags and the delete by themselves within 2 s"""
        start = time.monotonic()
        self.two.click(by_id("network"))
        clicked = time.monotonic() - start
        for tab in self.tabs:
            for key in ("written.on-pod-1", "written.on-pod-2"):
                self.sees(tab, key, seconds=2)
            tab.wait_until(f"!({row('deleted.on-pod-2')})", f"{tab.name} has pod-2's delete", seconds=2)
        took = time.monotonic() - start
        self.expect(took < 2, f"it took {took:.2f} s until all had all")
        self.all_in_step()
        return f"{took * 1000:.0f} ms, {clicked * 1000:.0f} of them for the click"

    def lost_without_a_word(self):
        """with half of pod-2's messages lost and nobody told, all pods get all flags nevertheless"""
        self.two.click(by_id("loss"))
        self.two.wait_until(f"!{by_id('losing')}.hidden", "the page says that messages are lost")
        self.lost_keys = self.lose_one(self.one, "pod-2", "early") + self.lose_one(self.two, "pod-3", "early")
        start = time.monotonic()
        for tab in self.tabs:
            for key in self.lost_keys:
                self.sees(tab, key, seconds=60)
        took = time.monotonic() - start
        self.side_by_side("losing")
        statistics = self.demo.status("pod-2")["statistics"]
        self.expect(statistics["entriesHealed"] > 0, "pod-2 has got entries by healing")
        return f"{took:.1f} s after the first flags were lost, {statistics['messagesLost']} messages lost"

    def healed_afterwards(self):
        """once nothing is lost any more, what was lost last is everywhere within 5 s, deletes as well as flags"""
        for key in self.lost_keys:
            self.delete(self.two if key.startswith("early.pod-1") else self.one, key)
        added = self.lose_one(self.two, "pod-1", "late") + self.lose_one(self.one, "pod-2", "late")
        self.two.click(by_id("loss"))
        start = time.monotonic()
        for tab in self.tabs:
            for key in added:
                self.sees(tab, key)
            for key in self.lost_keys:
                tab.wait_until(f"!({row(key)})", f"no row for {key!r}")
        took = time.monotonic() - start
        self.expect(took < 5, f"it took {took:.2f} s until all had all")
        self.all_in_step()
        for key in added:
            self.delete(self.three, key)
            self.sees_gone(key)
        return f"{took * 1000:.0f} ms"

    def lose_one(self, tab, other, word):
        """Adds flags until one is not on another pod, where it would be as soon as the write is answered."""
        keys = []
        for number in range(30):
            keys.append(f"{word}.{tab.name}.{number}")
            # Not with the mouse: flags that come late move the button.
            self.add(tab, keys[-1], "Lost on the way?", by_keyboard=True)
            self.sees(tab, keys[-1])
            if keys[-1] not in self.demo.keys(other):
                return keys
        raise Failure("of 30 messages none was lost")

    def markup_is_text(self):
        """a key and a note that look like markup are shown as text; so are other strange keys"""
        self.add(self.one, NASTY, "<script>alert(2)</script><b>bold</b>")
        self.add(self.two, STRANGE, "A key of many scripts")
        for tab in self.tabs:
            for key in (NASTY, STRANGE):
                self.sees(tab, key)
                self.expect(tab.evaluate(f"{part(key, 'key')}.textContent") == key, f"the key {key!r} is shown as it is")
                self.expect(tab.evaluate(f"{part(key, 'key')}.children.length") == 0, "no elements in a key")
            self.shows(tab, part(NASTY, "note"), "<script>alert(2)</script><b>bold</b>")
            self.expect(tab.evaluate("document.images.length") == 0, "no image on the page")
        self.three.click(part(STRANGE, "enabled"))
        self.one.wait_until(f"!{part(STRANGE, 'enabled')}.checked", "the strange key can be changed")
        self.one.screenshot(self.picture("markup"))
        for key in (NASTY, STRANGE):
            self.three.click(part(key, "delete"))
            self.sees_gone(key)

    def bad_input_is_refused(self):
        """bad input is refused with a sentence in the page, and the field is marked"""
        self.add(self.two, "")
        self.shows(self.two, by_id("add-problem"), "The key is empty.")
        self.expect(self.two.evaluate(f"{by_id('add-key')}.ariaInvalid") == "true", "the key's field is marked")
        self.add(self.two, "no.number", rollout="")
        self.shows(self.two, by_id("add-problem"), "The rollout must be a whole number.")
        self.add(self.two, "too.much", rollout=250)
        self.shows(self.two, by_id("add-problem"), "The rollout is 250; it must lie between 0 and 100 percent.")
        self.expect(self.two.evaluate("document.activeElement.id") == "add-rollout", "the rollout has the focus")
        self.two.screenshot(self.picture("refused"))
        self.add(self.two, "ui.dark-mode")
        self.shows(self.two, by_id("add-problem"), "There is a flag with this key already.")
        self.add(self.two, "..")
        self.two.wait_until(f"{text(by_id('add-problem'))}.includes('cannot be part of a URL')", "a word about “..”")
        self.add(self.two, "x" * 66_000)
        self.shows(self.two, by_id("add-problem"), "A key has at most 65535 bytes, this one 66000.")
        self.expect(
            self.two.evaluate("fetch('/api/entries/k', { method: 'PUT', body: '{' }).then((r) => r.status)") == 400,
            "broken JSON is answered with 400",
        )
        self.expect(
            self.two.evaluate("fetch('/api/entries/%ff', { method: 'PUT', body: '{}' }).then((r) => r.status)") == 400,
            "a key that is no UTF-8 is answered with 400",
        )
        self.add(self.two, "just.right", "Taken after all", 100)
        self.sees(self.one, "just.right")
        self.expect(self.two.evaluate(text(by_id("add-problem"))) == "", "the problem is gone")

    def closed_pages_leave_nothing(self):
        """a page that is closed leaves no watcher behind"""
        before = self.demo.status("pod-3")["statistics"]["watchers"]
        more = [self.browser.open_tab("extra", self.demo.url("pod-3")) for _ in range(3)]
        for tab in more:
            self.sees(tab, "ui.dark-mode")
        self.expect(self.demo.status("pod-3")["statistics"]["watchers"] == before + 3, "each page has a watcher")
        for tab in more:
            tab.call("Page.close")
        # Until pod-3's own page shows it.
        self.three.wait_until(
            "[...document.querySelectorAll('#statistics div')].some((pair) => "
            f"pair.textContent === 'Watchers{before}')",
            f"{before} watcher, as before",
        )

    def looks_good(self):
        """screenshots: wide, narrow, dark and light, three side by side"""
        self.one.click(part("just.right", "enabled"))
        self.two.click(part("search.typo-tolerant", "enabled"))
        self.three.evaluate(f"{part('checkout.one-page', 'slider')}.focus()")
        for _ in range(12):
            self.three.press("ArrowRight", 39)
        self.three.evaluate("document.activeElement.blur()")
        self.shows(self.one, part("checkout.one-page", "percent"), "62 %")
        for tab in self.tabs:
            tab.freeze()
        for scheme in ("light", "dark"):
            self.one.colors(scheme)
            self.one.size(1280, 900)
            self.one.screenshot(self.picture(f"wide-{scheme}"), whole_page=True)
            self.one.size(400, 860, 2)
            overflow = self.one.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.expect(overflow <= 0, f"the page is {overflow} pixels wider than a screen of 400")
            self.one.screenshot(self.picture(f"narrow-{scheme}"), whole_page=True)
        self.one.colors("light")
        self.one.size(1280, 900)
        self.side_by_side("together")
        self.side_by_side("together-dark", scheme="dark")
        for tab in self.tabs:
            tab.thaw()

    def server_lost_and_found(self):
        """a page that has lost its pod's server says so, and catches up by itself when it is back"""
        self.demo.stop(signal.SIGTERM)
        for tab in self.tabs:
            tab.wait_until(f"!{by_id('lost')}.hidden", "the page says that it lost its pod")
        self.one.click(part("ui.dark-mode", "enabled"))
        self.shows(self.one, by_id("problem-text"), "The pod's server does not answer. Nothing was changed.")
        self.one.wait_until(f"{part('ui.dark-mode', 'enabled')}.checked", "the switch is back where it was")
        self.one.screenshot(self.picture("lost"))
        self.demo.start()
        for tab in self.tabs:
            tab.wait_until(f"{by_id('lost')}.hidden", "the page has found its pod again", seconds=15)
        # The stores started anew, with the seeds alone.
        self.sees_gone("just.right")
        for tab in self.tabs:
            self.sees(tab, "ui.dark-mode")
        self.add(self.one, "after.restart")
        self.sees(self.three, "after.restart")

    def port_taken(self):
        """a second demo on the same ports ends with a clear message"""
        second = subprocess.run(
            [self.demo.program, "--port", str(self.demo.port)], capture_output=True, text=True, timeout=30
        )
        self.expect(second.returncode != 0, "it must not succeed")
        self.expect("is taken by another program" in second.stderr, f"it said: {second.stderr}")

    def stops(self):
        """the demo stops at SIGINT with pages open and a change not yet sent, and ends with exit code 0"""
        self.switch_network(self.two, on=False)
        self.add(self.two, "never.sent")
        self.sees(self.two, "never.sent")
        self.demo.stop(signal.SIGINT)

    steps = [
        opens_with_the_seeds,
        added_in_one_seen_in_all,
        edited_in_two_seen_in_all,
        switched_and_slid,
        lost_update_refused,
        deleted_in_three_gone_in_all,
        apart,
        forgotten,
        together,
        lost_without_a_word,
        healed_afterwards,
        markup_is_text,
        bad_input_is_refused,
        closed_pages_leave_nothing,
        looks_good,
        server_lost_and_found,
        port_taken,
        stops,
    ]

    # Pictures

    def picture(self, name):
        return os.path.join(self.screenshots, f"{name}.png")

    def side_by_side(self, name, scheme="light"):
        """One picture of all three tabs."""
        pictures = []
        for tab in self.tabs:
            tab.colors(scheme)
            tab.size(640, 1240)
            tab.evaluate("scrollTo(0, 0)")
            tab.drawn()
            pictures.append(f'<img src="data:image/png;base64,{tab.picture()}">')
            tab.colors("light")
            tab.size(1280, 900)
        page = self.browser.open_tab("side by side", "about:blank")
        page.size(1920 + 2 * 8, 1240)
        page.evaluate(
            "document.body.style.cssText = 'margin:0;display:flex;gap:8px;background:#000';"
            f"document.body.innerHTML = {json.dumps(''.join(pictures))};"
            "Promise.all([...document.images].map((image) => image.decode())).then(() => null)"
        )
        page.screenshot(self.picture(f"side-by-side-{name}"))
        page.call("Page.close")

    def check_for_errors(self):
        errors = [f"{tab.name}: {error}" for tab in self.browser.tabs.values() for error in tab.errors]
        self.expect(not errors, "errors in the page:\n  " + "\n  ".join(errors))


def main():
    program, chromium, screenshots = sys.argv[1:]
    os.makedirs(screenshots, exist_ok=True)
    for old in glob.glob(os.path.join(screenshots, "failed-*.png")):
        os.remove(old)
    passed = 0
    with Demo(program) as demo, Chromium(chromium) as browser:
        story = Story(demo, browser, screenshots)
        for step in Story.steps:
            start = time.monotonic()
            try:
                note = step(story)
                story.check_for_errors()
            except Failure as failure:
                print(f"FAILED  {step.__doc__}\n\n{failure}\n", flush=True)
                for tab in story.tabs:
                    try:
                        tab.screenshot(story.picture(f"failed-{tab.name}"))
                    except Failure:
                        pass
                print(f"What the pages looked like is in {screenshots}/failed-*.png")
                print(f"{passed} passed, 1 failed, {len(Story.steps) - passed - 1} skipped")
                return 1
            passed += 1
            print(f"ok  {step.__doc__}{f': {note}' if note else ''}  ({time.monotonic() - start:.1f} s)", flush=True)
    print(f"{passed} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
