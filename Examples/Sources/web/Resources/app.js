// The page of one pod. Whatever text a key, a note or a name holds, it only ever becomes text (textContent), never HTML.

const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * What the pod holds, as far as this page knows: key -> { key, value, version, latency, row, written }.
 * `written` is the version of this page's own last write; the value is that write's until the pod tells of a later one.
 */
const flags = new Map();

/** The last status that the pod sent. */
let pod = null;

// ---------------------------------------------------------------- HTTP

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function request(method, path, body, headers = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, "The pod's server does not answer. Nothing was changed.");
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    throw new Refused(response.status, answer?.error?.message ?? `The server answered ${response.status}.`);
  }
  return answer;
}

function entryPath(key) {
  // A URL drops these two from any path, even percent-encoded.
  if (key === "." || key === "..") throw new Refused(0, `“${key}” cannot be part of a URL, so not here.`);
  try {
    return `/api/entries/${encodeURIComponent(key)}`;
  } catch {
    throw new Refused(0, "The key is not valid Unicode text.");
  }
}

const setFlag = async (key, value, headers) => request("PUT", entryPath(key), value, headers);
const deleteFlag = async (key) => request("DELETE", entryPath(key));

// ---------------------------------------------------------------- Words

function latencyText(nanoseconds) {
  if (nanoseconds < 1e6) return `${Math.max(1, Math.round(nanoseconds / 1e3))} µs`;
  if (nanoseconds < 1e7) return `${(nanoseconds / 1e6).toFixed(1)} ms`;
  if (nanoseconds < 1e9) return `${Math.round(nanoseconds / 1e6)} ms`;
  return `${(nanoseconds / 1e9).toFixed(1)} s`;
}

const dateOf = (version) => new Date(Number(BigInt(version.timestamp) / 1_000_000n));

function ageText(date) {
  const seconds = Math.max(0, (Date.now() - date) / 1000);
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return date.toLocaleTimeString();
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// ---------------------------------------------------------------- Flags

/** Whether `one` is a later write than `other`, in the order that all pods agree on. */
function isNewer(one, other) {
  const [a, b] = [BigInt(one.timestamp), BigInt(other.timestamp)];
  return a === b ? one.tag !== other.tag && one.origin > other.origin : a > b;
}

/** The pod's whole contents, sent at the start of each connection. */
function applySnapshot(entries) {
  const kept = new Set(entries.map((entry) => entry.key));
  for (const [key, flag] of flags) {
    if (!kept.has(key)) {
      flag.row.remove();
      flags.delete(key);
    }
  }
  for (const { key, value, version } of entries) {
    const known = flags.get(key);
    if (known?.version.tag === version.tag) continue;
    store(key, value, version, null);
    if (known) flash(known.row, version.origin);
  }
  showCount();
  noticeConflict();
}

function applyChange({ key, value, version, latency }) {
  const known = flags.get(key);
  if (known && !isNewer(version, known.version)) return;
  if (value) {
    flash(store(key, value, version, latency).row, version.origin);
  } else if (known) {
    flags.delete(key);
    removeRow(known.row, version.origin);
  }
  log(key, value, version, latency, known);
  showCount();
  noticeConflict();
}

function store(key, value, version, latency) {
  let flag = flags.get(key);
  if (!flag) {
    flag = { key, row: makeRow(key) };
    flags.set(key, flag);
    const rows = [...$("flags").children];
    const after = rows.find((row) => !row.inert && row.flagKey > key);
    $("flags").insertBefore(flag.row, after ?? null);
  }
  Object.assign(flag, { version, latency });
  if (!flag.written || !isNewer(flag.written, version)) flag.value = value;
  showRow(flag);
  return flag;
}

function makeRow(key) {
  const row = $("row-template").content.cloneNode(true).firstElementChild;
  const part = (name) => row.querySelector(`.row-${name}`);
  row.flagKey = key;
  part("key").textContent = key;
  part("enabled").setAttribute("aria-label", `${key}: enabled`);
  part("slider").setAttribute("aria-label", `${key}: rollout`);
  part("edit").setAttribute("aria-label", `Edit ${key}`);
  part("delete").setAttribute("aria-label", `Delete ${key}`);
  part("edit").title = "Edit";
  part("delete").title = "Delete";

  const write = writer(key, row);
  part("enabled").addEventListener("change", (event) => write({ enabled: event.target.checked }));
  part("slider").addEventListener("input", (event) => {
    showRollout(row, event.target.valueAsNumber);
    write({ rollout: event.target.valueAsNumber });
  });
  part("edit").addEventListener("click", () => openEditor(key));
  part("delete").addEventListener("click", () => attempt(() => deleteFlag(key)));
  return row;
}

/** Writes changes of one flag, one request at a time; while one is under way the next ones gather. */
function writer(key, row) {
  let waiting = null;
  return async (change) => {
    waiting = { ...waiting, ...change };
    if (row.isWriting) return;
    row.isWriting = true;
    while (waiting) {
      const flag = flags.get(key);
      const value = { ...flag?.value, ...waiting };
      waiting = null;
      if (!flag) break;
      await attempt(async () => {
        const { version } = await setFlag(key, value);
        if (isNewer(version, flag.version)) Object.assign(flag, { value, written: version });
      });
    }
    row.isWriting = false;
    const flag = flags.get(key);
    if (flag) showRow(flag);
  };
}

function showRow({ key, value, version, latency, row }) {
  const part = (name) => row.querySelector(`.row-${name}`);
  row.classList.toggle("is-off", !value.enabled);
  setText(part("note"), value.note);
  // Not under the hand of whoever moves them.
  if (!row.isWriting && !part("slider").matches(":active")) {
    part("enabled").checked = value.enabled;
    part("slider").value = value.rollout;
    showRollout(row, value.rollout);
  }
  const chip = row.querySelector(".chip");
  chip.dataset.pod = version.origin;
  setText(chip, version.origin === pod?.name ? `${version.origin} (here)` : version.origin);
  setText(part("latency"), latency === null ? "" : latencyText(latency));
  const age = part("age");
  age.dateTime = dateOf(version).toISOString();
  age.title = `Written by ${version.origin} at ${dateOf(version).toLocaleString()}`;
  setText(age, ageText(dateOf(version)));
}

function showRollout(row, percent) {
  row.querySelector(".row-slider").style.setProperty("--filled", `${percent}%`);
  setText(row.querySelector(".row-percent"), `${percent} %`);
}

function showCount() {
  setText($("count"), flags.size ? count(flags.size, "flag") : "");
  $("empty").hidden = flags.size > 0;
}

/** Lights a row up in the colour of the pod that wrote it. */
function flash(row, origin) {
  row.dataset.pod = origin;
  if (calm.matches) return;
  for (const animation of row.getAnimations()) animation.cancel();
  row.animate(
    [
      {
        backgroundColor: "color-mix(in srgb, var(--pod) 26%, transparent)",
        boxShadow: "inset 3px 0 var(--pod)",
      },
      { backgroundColor: "transparent", boxShadow: "inset 3px 0 transparent" },
    ],
    { duration: 1600, easing: "ease-out" },
  );
}

function removeRow(row, origin) {
  const hadFocus = row.contains(document.activeElement);
  row.inert = true;
  row.dataset.pod = origin;
  if (hadFocus) $("flags-title").focus();
  if (calm.matches) return row.remove();
  const height = `${row.offsetHeight}px`;
  row.style.overflow = "hidden";
  const animation = row.animate(
    [
      { height, opacity: 1, backgroundColor: "color-mix(in srgb, var(--pod) 30%, transparent)" },
      { height, opacity: 0.6, backgroundColor: "color-mix(in srgb, var(--pod) 16%, transparent)", offset: 0.6 },
      { height: "0px", opacity: 0, paddingBlock: "0px", backgroundColor: "transparent" },
    ],
    { duration: 650, easing: "ease-in" },
  );
  animation.finished.finally(() => row.remove());
}

// ---------------------------------------------------------------- Live changes

const longestLog = 30;
let lastLogged = null;

function log(key, value, version, latency, before) {
  const verb = !value ? "deleted" : before ? "changed" : "added";
  const name = `${version.origin} ${verb} ${key}`;
  announce(name.replace(/\s+/g, " "));

  // A dragged slider is one line, not fifty.
  if (lastLogged?.name === name) {
    lastLogged.times += 1;
    setText(lastLogged.verb, `${verb} ×${lastLogged.times} `);
    setText(lastLogged.latency, latencyText(latency));
    return;
  }
  const line = element("li");
  const chip = element("span", "chip", version.origin);
  chip.dataset.pod = version.origin;
  const what = element("span", "what");
  const verbText = element("span", "", `${verb} `);
  what.append(verbText, element("bdi", "mono", key));
  what.title = key;
  const time = element("span", "latency", latencyText(latency));
  line.append(chip, what, time);
  $("changes").prepend(line);
  while ($("changes").children.length > longestLog) $("changes").lastElementChild.remove();
  lastLogged = { name, times: 1, verb: verbText, latency: time };
}

let announcing = false;
let announcement = "";

/** Tells a screen reader, at most once a second and only the newest. */
function announce(text) {
  announcement = text;
  if (announcing) return;
  announcing = true;
  setTimeout(() => {
    announcing = false;
    setText($("announcer"), announcement);
  }, 1000);
}

// ---------------------------------------------------------------- The pod and its neighbours

const statisticNames = {
  localWrites: "Written here",
  appliedWrites: "Taken from others",
  rejectedWrites: "Known or older",
  unsentKeys: "Waiting to be sent",
  tombstones: "Tombstones",
  messagesSent: "Messages sent",
  messagesReceived: "Messages received",
  messagesLost: "Messages lost",
  gaps: "Gaps noticed",
  comparisons: "Comparisons begun",
  entriesHealed: "Entries healed here",
  entriesSentToHeal: "Entries sent to heal",
  statesServed: "States served",
  eventsDispatched: "Events to watchers",
  watchers: "Watchers",
};

function showStatus(status) {
  const isFirst = pod === null;
  pod = status;
  if (isFirst) for (const flag of flags.values()) showRow(flag);

  document.documentElement.dataset.pod = status.name;
  document.title = `${status.name} · PodShare`;
  setText($("pod-name"), status.name);

  $("network").disabled = false;
  $("network").checked = status.connected;
  document.body.classList.toggle("is-offline", !status.connected);
  setText($("network-state"), !status.connected ? "off" : status.caughtUp ? "on" : "on, catching up…");
  $("offline").hidden = status.connected;
  if (!status.connected) {
    const unsent = status.statistics.unsentKeys;
    setText(
      $("offline"),
      `${status.name} is off the network. It goes on reading and writing its own copy` +
        (unsent ? `; ${count(unsent, "key")} wait${unsent === 1 ? "s" : ""} to be sent.` : "."),
    );
  }

  $("loss").disabled = false;
  $("loss").checked = status.loss > 0;
  document.body.classList.toggle("is-losing", status.loss > 0);
  setText($("loss-state"), status.loss > 0 ? "on" : "off");
  $("losing").hidden = status.loss === 0;
  if (status.loss > 0) {
    setText(
      $("losing"),
      `${status.loss === 0.5 ? "Half" : `${Math.round(100 * status.loss)} %`} of all messages to and from ` +
        `${status.name} are lost, and nobody is told. By each other's heartbeats the pods notice, and send what is missing.`,
    );
  }

  showNeighbours();
  showStatistics(status.statistics);
}

/** Whoever has not been heard of for so long has missed three heartbeats. */
const silentAfter = 3500;

/** What is known of a neighbour, in words: how it is, when it was last heard of, and whether it holds the same. */
function describe({ member }) {
  if (!member) return { state: "gone", seen: "not heard of lately", flags: "" };
  const seen = `last seen ${ageText(new Date(member.lastSeen))}`;
  const isEqual = member.lastEqual === member.lastSeen;
  if (!pod.connected || Date.now() - member.lastSeen > silentAfter) {
    return { state: "silent", seen, flags: isEqual ? "same flags then" : "other flags then" };
  }
  return {
    state: member.caughtUp ? "caught up" : "catching up…",
    isHeard: true,
    isEqual,
    seen,
    flags: isEqual ? "same as here ✓" : "differs from here",
  };
}

/** In a line, for the top of the page. */
function showAgreement(neighbours) {
  const kinds = [
    ["same flags as ", "equal", ({ isHeard, isEqual }) => isHeard && isEqual],
    ["differs from ", "differs", ({ isHeard, isEqual }) => isHeard && !isEqual],
    ["no word from ", "differs", ({ isHeard }) => !isHeard],
  ];
  const parts = [];
  for (const [words, className, belongs] of kinds) {
    const names = neighbours.filter(belongs).map(({ name }) => element("span", "unbroken", name));
    if (!names.length) continue;
    const part = element("span", className, words);
    part.append(...names.flatMap((name) => [" and ", name]).slice(1));
    if (parts.length) parts.push("; ");
    parts.push(part);
  }
  const line = element("span");
  line.append(...parts);
  if ($("agreement").textContent !== line.textContent) $("agreement").replaceChildren(...parts);
}

/** Shows the neighbours as they are known, and how long ago that was. */
function showNeighbours() {
  const neighbours = pod.neighbours.map((neighbour) => ({ ...neighbour, ...describe(neighbour) }));
  showAgreement(neighbours);
  const list = $("neighbours");
  while (list.children.length > neighbours.length) list.lastElementChild.remove();
  while (list.children.length < neighbours.length) {
    const item = element("li");
    const details = element("p", "details");
    details.append(element("span", "seen"), element("span", "difference"));
    item.append(element("span", "dot"), element("a"), element("span", "state"), details);
    list.append(item);
  }
  neighbours.forEach(({ name, port, state, isHeard, isEqual, seen, flags }, index) => {
    const item = list.children[index];
    const part = (selector) => item.querySelector(selector);
    item.dataset.pod = name;
    item.classList.toggle("is-away", !isHeard);
    part("a").href = `${location.protocol}//${location.hostname}:${port}/`;
    setText(part("a"), name);
    setText(part(".state"), state);
    setText(part(".seen"), seen);
    setText(part(".difference"), flags);
    part(".difference").className = `difference ${!isHeard ? "" : isEqual ? "equal" : "differs"}`;
  });
}

const statisticCells = new Map();

function showStatistics(statistics) {
  for (const [key, name] of Object.entries(statisticNames)) {
    let cell = statisticCells.get(key);
    if (!cell) {
      const pair = element("div");
      cell = element("dd");
      pair.append(element("dt", "", name), cell);
      $("statistics").append(pair);
      statisticCells.set(key, cell);
    }
    setText(cell, (statistics[key] ?? 0).toLocaleString("en"));
  }
}

/** Has a switch change how the pod is on the network. */
function setsNetwork(name, change) {
  $(name).addEventListener("change", (event) => {
    // What comes of it is told by the next status; an answer of its own might come later than that.
    attempt(() => request("POST", "/api/network", change(event.target.checked))).then((done) => {
      if (!done && pod) showStatus(pod);
    });
  });
}

setsNetwork("network", (isOn) => ({ connected: isOn }));
setsNetwork("loss", (isOn) => ({ loss: isOn ? 0.5 : 0 }));

// ---------------------------------------------------------------- Problems

/** Does something that may be refused, and says so above the flags if it is. */
async function attempt(action) {
  try {
    await action();
    $("problem").hidden = true;
    return true;
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText($("problem-text"), problem.message);
    $("problem").hidden = false;
    return false;
  }
}

$("problem-close").addEventListener("click", () => {
  $("problem").hidden = true;
  $("flags-title").focus();
});

/** Does something that may be refused, and says so in a form. */
async function attemptIn(problemText, fields, action) {
  for (const field of fields) field.removeAttribute("aria-invalid");
  setText(problemText, "");
  try {
    await action();
    return true;
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(problemText, problem.message);
    const blamed = fields.find((field) => problem.message.toLowerCase().includes(field.dataset.word));
    blamed?.setAttribute("aria-invalid", "true");
    blamed?.focus();
    return false;
  }
}

/** The number in a field; what is no whole number goes to the server as text, and is refused there. */
const numberIn = (field) => (Number.isInteger(field.valueAsNumber) ? field.valueAsNumber : field.value);

// ---------------------------------------------------------------- Adding

const addFields = [$("add-key"), $("add-rollout"), $("add-note")];
$("add-key").dataset.word = "key";
$("add-rollout").dataset.word = "rollout";
$("add-note").dataset.word = "note";

$("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const key = $("add-key").value;
  const added = await attemptIn($("add-problem"), addFields, () =>
    setFlag(
      key,
      { enabled: true, rollout: numberIn($("add-rollout")), note: $("add-note").value },
      { "If-None-Match": "*" },
    ),
  );
  // Not what has been typed since.
  if (!added || $("add-key").value !== key) return;
  $("add").reset();
  $("add-key").focus();
});

// ---------------------------------------------------------------- Editing

const editFields = [$("edit-rollout"), $("edit-note")];
$("edit-rollout").dataset.word = "rollout";
$("edit-note").dataset.word = "note";

/** What the editor has open: the key, and the version that it was opened at. */
let editing = null;

function openEditor(key) {
  loadEditor(key);
  $("editor").showModal();
  $("edit-rollout").focus();
}

function loadEditor(key) {
  const { value, version } = flags.get(key);
  editing = { key, version };
  setText($("editor-key"), key);
  $("edit-enabled").checked = value.enabled;
  $("edit-rollout").value = value.rollout;
  $("edit-note").value = value.note;
  $("edit-conflict").hidden = true;
  setText($("edit-problem"), "");
  for (const field of editFields) field.removeAttribute("aria-invalid");
}

/** Says in the editor when somebody else has changed what it has open. */
function noticeConflict() {
  if (!editing) return;
  const flag = flags.get(editing.key);
  if (flag?.version.tag === editing.version.tag) return;
  $("edit-conflict").hidden = false;
  $("edit-reload").hidden = !flag;
  setText($("edit-conflict-text"), flag ? `${flag.version.origin} has just changed this flag.` : "This flag has just been deleted.");
}

$("edit-reload").addEventListener("click", () => {
  loadEditor(editing.key);
  $("edit-rollout").focus();
});
$("edit-cancel").addEventListener("click", () => $("editor").close());
$("editor").addEventListener("close", () => (editing = null));

$("edit").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { key, version } = editing;
  const value = {
    enabled: $("edit-enabled").checked,
    rollout: numberIn($("edit-rollout")),
    note: $("edit-note").value,
  };
  const saved = await attemptIn($("edit-problem"), editFields, () =>
    setFlag(key, value, { "If-Match": version.tag }),
  );
  if (saved) $("editor").close();
});

// ---------------------------------------------------------------- The pod's events

function connect() {
  const events = new EventSource("/api/events");
  const on = (name, handle) => events.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  on("snapshot", (entries) => {
    applySnapshot(entries);
    document.body.classList.remove("is-lost");
    $("lost").hidden = true;
  });
  on("change", applyChange);
  on("status", showStatus);
  events.addEventListener("error", () => {
    document.body.classList.add("is-lost");
    setText(
      $("lost"),
      `No connection to ${pod?.name ?? "the pod"}'s server. What you see may be old; the page catches up by itself.`,
    );
    $("lost").hidden = false;
    $("network").disabled = true;
    $("loss").disabled = true;
    // The browser connects anew by itself, unless the server's answer was no event stream at all.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  });
}

setInterval(() => {
  for (const { version, row } of flags.values()) setText(row.querySelector(".row-age"), ageText(dateOf(version)));
  if (pod) showNeighbours();
}, 1000);

connect();
