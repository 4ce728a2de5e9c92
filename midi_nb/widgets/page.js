// What all widgets do alike: write numbers as amounts.py does, make elements, and change of a page only what differs,
// so that focus, scroll positions and half-typed text stay. LOOKS (meaning → colour and sign) is written from looks.py.

const PROMPT = 3000; // milliseconds in which what a click brings is taken for its answer
const FOCUSABLE = "button, input, select, summary, a[href], [tabindex]";

const grouped = new Intl.NumberFormat("en-US");
function count(number, what = "") {
  const plural = number === 1 ? "" : what.endsWith("x") ? "es" : "s";
  return `${grouped.format(number)}${what && ` ${what}${plural}`}`;
}
function percent(rate, digits = 2) {
  if (rate === null || rate === undefined || Number.isNaN(rate)) return "–";
  if (rate === 0 || rate === 1) return `${100 * rate} %`;
  const step = 10 ** -digits;
  const inside = Math.min(Math.max(100 * rate, step), 100 - step);
  if (!digits && inside !== 100 * rate) return rate < 0.5 ? "< 1 %" : "> 99 %";
  return `${inside.toFixed(digits)} %`;
}
function points(gain) {
  if (gain === null || Number.isNaN(gain)) return "–";
  const size = Math.abs(100 * gain).toFixed(2);
  if (size === "0.00") return gain === 0 ? size : gain > 0 ? "< 0.01" : "> −0.01";
  return `${gain > 0 ? "+" : "−"}${size}`;
}

// An element. Attributes and children that are null, undefined or false are left out; `on…` are listeners.
const node = (name, attributes, ...children) => dressed(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) =>
  dressed(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

function dressed(made, attributes = {}, children = []) {
  const there = (one) => one !== null && one !== undefined && one !== false;
  for (const [key, value] of Object.entries(attributes).filter(([, value]) => there(value))) {
    if (key === "style")
      made.style.cssText = value; // a page's policy forbids the attribute
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(9).filter((child) => there(child) && child !== ""));
  if (made.matches(FOCUSABLE)) made.setAttribute("data-lm-suppress-shortcuts", "true");
  return made;
}

function markup(html) {
  const made = node("template");
  made.innerHTML = html;
  withoutShortcuts(made.content);
  return made.content;
}

// JupyterLab's one-letter shortcuts fire on whatever has the focus, unless the element itself forbids it.
function withoutShortcuts(root) {
  for (const element of root.querySelectorAll(FOCUSABLE)) element.setAttribute("data-lm-suppress-shortcuts", "true");
}

const sign = (meaning) => node("span", { class: `sign ${meaning}`, "aria-hidden": "true" }, LOOKS[meaning]?.sign);
const line = (...children) => node("div", { class: "line" }, ...children);
const quiet = (...children) => node("span", { class: "quiet" }, ...children);
const button = (face, act, of, attributes = {}) =>
  node("button", { type: "button", "data-act": act, "data-of": of, ...attributes }, face);
const joined = (label, buttons, attributes = {}) =>
  node("span", { class: "joined", role: "group", "aria-label": label, ...attributes }, buttons);
const searchField = (attributes) =>
  node("input", { type: "search", title: "Search ( / )", autocomplete: "off", spellcheck: "false", ...attributes });
// A table in a frame of its own, which scrolls where the table is too wide.
const grid = (attributes, heads, rows) =>
  node(
    "div",
    { class: "scroll" },
    node("table", { class: "grid", ...attributes }, node("thead", {}, node("tr", {}, heads)), node("tbody", {}, rows)),
  );
const steps = (act, ways) =>
  node(
    "span",
    { class: "joined" },
    ways.map(([face, name, to, off]) =>
      button(face, act, to, { disabled: off, "aria-label": name, title: name, "data-id": name }),
    ),
  );

// A place of its own for a part of a widget.
function placeIn(el) {
  const place = node("div");
  el.append(place);
  return place;
}

const focusedIn = (element) => element.getRootNode().activeElement; // a front end may keep widgets in a shadow tree
const hasModifier = ({ ctrlKey, metaKey, altKey }) => ctrlKey || metaKey || altKey;

// A key that was of use here is no key of the page.
function keepFromPage(event) {
  event.preventDefault();
  event.stopPropagation();
}

// `act` once nothing was asked for some milliseconds; `cancel` forgets what was asked.
function calmly(act, delay) {
  let waiting = 0;
  const cancel = () => clearTimeout(waiting);
  const ask = (...given) => {
    cancel();
    waiting = setTimeout(() => act(...given), delay);
  };
  return Object.assign(ask, { cancel });
}

// Counts how often a part was drawn: for those who wait until it is.
const countDrawn = (root) => (root.dataset.shown = Number(root.dataset.shown ?? 0) + 1);

// Listens to what a model says; the answer ends that.
function listen(model, heard) {
  for (const [event, act] of Object.entries(heard)) model.on(event, act);
  return () => Object.entries(heard).forEach(([event, act]) => model.off(event, act));
}

// Patching

function same(a, b) {
  return a && a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.dataset?.id ?? "") === (b.dataset?.id ?? "");
}

// What is opened is the browser's affair, and which item of a list the Tab key stops at.
const belongsHere = (name, element) =>
  (name === "open" && element.nodeName === "DETAILS") || (name === "tabindex" && element.hasAttribute("data-item"));

function patchAttributes(old, fresh) {
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && name !== "data-lm-suppress-shortcuts" && !belongsHere(name, old))
      old.removeAttribute(name);
  for (const { name, value } of [...fresh.attributes])
    if (old.getAttribute(name) !== value && !belongsHere(name, old)) {
      if (name === "style")
        old.style.cssText = value; // the policy of a page without a kernel forbids the attribute
      else old.setAttribute(name, value);
    }
  if (old.nodeName !== "INPUT") return;
  if (old.type === "checkbox") old.checked = fresh.hasAttribute("checked");
  else if (old !== focusedIn(old)) old.value = fresh.getAttribute("value") ?? "";
}

function patch(old, fresh) {
  let next = old.firstChild;
  for (const want of [...fresh.childNodes]) {
    let have = next;
    const id = want.dataset?.id;
    if (id && !same(have, want)) {
      have = [...old.children].find((child) => same(child, want)) ?? null;
      if (have) old.insertBefore(have, next);
    }
    if (!same(have, want)) {
      old.insertBefore(want, next);
      continue;
    }
    if (have === next) next = next.nextSibling;
    if (have.nodeType === Node.ELEMENT_NODE) {
      patchAttributes(have, want);
      patch(have, want);
    } else if (have.nodeValue !== want.nodeValue) have.nodeValue = want.nodeValue;
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}
