// Keeps a page up to date: when the tracker tells of a change, the page is fetched
// again and what differs is replaced. All text is rendered by the server.
"use strict";

const parts = ["health", "facts", "customers", "pages", "sources", "limits", "usage", "buckets", "shares"];
const pause = 1000; // ms between two updates at least
let due = false;
let running = false;
let updated = 0;

function say(word, state) {
  const link = document.getElementById("link");
  if (link.textContent !== word) link.textContent = word;
  link.className = "link " + state;
}

function flash(cell) {
  cell.classList.remove("flash");
  void cell.offsetWidth; // begins the animation anew
  cell.classList.add("flash");
}

function sameKind(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName &&
    (a.nodeType !== Node.ELEMENT_NODE || a.dataset?.key === b.dataset?.key);
}

function copyAttributes(old, now) {
  for (const { name } of [...old.attributes]) {
    if (!now.hasAttribute(name) && !(name === "open")) old.removeAttribute(name);
  }
  for (const { name, value } of [...now.attributes]) {
    if (name === "class" && old.classList.contains("flash")) continue;
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

// become makes a node look like another, and leaves alone what does already.
function become(old, now) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== now.data) old.data = now.data;
    return;
  }
  const text = old.textContent;
  copyAttributes(old, now);
  become.children(old, now);
  if (old.hasAttribute("data-flash") && old.textContent !== text) flash(old);
}

become.children = (old, now) => {
  const keyed = new Map();
  for (const child of old.children) if (child.dataset?.key !== undefined) keyed.set(child.dataset.key, child);
  let at = old.firstChild;
  for (const wanted of [...now.childNodes]) {
    const known = wanted.dataset?.key !== undefined ? keyed.get(wanted.dataset.key) : undefined;
    if (known && known !== at) {
      old.insertBefore(known, at);
      become(known, wanted);
    } else if (at && sameKind(at, wanted)) {
      const next = at.nextSibling;
      become(at, wanted);
      at = next;
    } else {
      old.insertBefore(document.importNode(wanted, true), at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
};

async function update() {
  if (running || document.hidden) return;
  running = true;
  due = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) {
      location.reload(); // to log in
      return;
    }
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of parts) {
      const old = document.getElementById(id);
      const now = page.getElementById(id);
      if (old && now) become(old, now);
    }
  } catch {
    say("not reached", "bad");
  } finally {
    updated = Date.now();
    running = false;
    if (due) plan();
  }
}

let timer = 0;

function plan() {
  due = true;
  if (timer || running) return;
  timer = setTimeout(() => {
    timer = 0;
    update();
  }, Math.max(0, updated + pause - Date.now()));
}

function listen() {
  const events = new EventSource("/v1/events");
  events.onopen = () => {
    say("live", "ok");
    plan();
  };
  events.onerror = () => {
    say("reconnecting", "warn");
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
  for (const kind of ["counts", "source", "store", "limit", "reset", "dropped"]) events.addEventListener(kind, plan);
}

document.addEventListener("visibilitychange", plan);
setInterval(plan, 5000); // ages, and rates that fall
listen();
