// What the console adds to pages that work without it: parts that renew themselves, the theme, copying.
//
// A part with an id and `data-live` is fetched again from its `data-live` address, or where that is empty from the
// page's own, and morphed in place: ticks, focus and what is typed stay. A failure says since when the page is stale.

import { Idiomorph } from "./idiomorph.js";

const SECONDS = "taskrunner.live-seconds";
const THEME = "taskrunner.theme";
const IDLE_SECONDS = 15; // while the pointer rests
const status = document.getElementById("live-status");
const pace = document.getElementById("live-seconds");
const theme = document.getElementById("theme");
let lastMove = Date.now();
let lastGood = new Date();

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is off: the control works for this page
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // as above
  }
}

function keepWhatIsPeoplesOwn(old, fresh) {
  if (old.matches?.("input, textarea, select")) return false;
  if (old.matches?.("details")) fresh.open = old.open;
  return true;
}

async function renew(part) {
  const response = await fetch(part.dataset.live || location.href, { headers: { "X-Live": "1" }, redirect: "error" });
  if (!response.ok) throw new Error(`${response.status}`);
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(part.id);
  if (!fresh) throw new Error("the part is gone");
  Idiomorph.morph(part, fresh, { morphStyle: "outerHTML", callbacks: { beforeNodeMorphed: keepWhatIsPeoplesOwn } });
}

async function renewAll() {
  const parts = [...document.querySelectorAll("[data-live]")];
  try {
    await Promise.all(parts.map(renew));
    lastGood = new Date();
    if (status) status.textContent = "";
  } catch {
    if (status) status.textContent = `stale since ${lastGood.toLocaleTimeString()}`;
  }
}

function secondsToNext() {
  const wanted = Number(pace?.value ?? 0);
  const rests = Date.now() - lastMove > 60_000;
  return rests ? Math.max(wanted, IDLE_SECONDS) : wanted;
}

async function keepLive() {
  for (;;) {
    const seconds = secondsToNext();
    await new Promise((done) => setTimeout(done, (seconds || 1) * 1000));
    if (seconds && !document.hidden && document.querySelector("[data-live]")) await renewAll();
  }
}

if (pace) {
  const kept = stored(SECONDS);
  if ([...pace.options].some((option) => option.value === kept)) pace.value = kept;
  pace.addEventListener("change", () => store(SECONDS, pace.value));
  document.addEventListener("pointermove", () => (lastMove = Date.now()), { passive: true });
  document.addEventListener("keydown", () => (lastMove = Date.now()), { passive: true });
  keepLive();
}

if (theme) {
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
    store(THEME, document.documentElement.dataset.theme);
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  if (status) status.textContent = "copied";
});

document.addEventListener("change", (event) => {
  const all = event.target.closest?.("[data-tick-all]");
  if (!all) return;
  for (const box of document.querySelectorAll(`input[name="${all.dataset.tickAll}"]`)) box.checked = all.checked;
});

for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
