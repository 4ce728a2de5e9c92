// A page: shows the HTML the kernel sends, and sends back what is done there. Only what differs is changed, so that focus, scroll
// positions and half-typed text stay. JupyterLab's single-key shortcuts would fire on every focused element that is no
// text field, and only an attribute on the element itself stops them.

const PROMPT = 3000; // milliseconds in which what a click brings is taken for its answer
const FOCUSABLE = "button, input, select, summary, a[href], [tabindex]";

function same(a, b) {
  return a && a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.dataset?.id ?? "") === (b.dataset?.id ?? "");
}

// What is opened is the browser's affair, and which item of a list the Tab key stops at.
const belongsHere = (name, element) => (name === "open" && element.nodeName === "DETAILS") || (name === "tabindex" && element.hasAttribute("data-item"));

function patchAttributes(old, fresh) {
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && name !== "data-lm-suppress-shortcuts" && !belongsHere(name, old)) old.removeAttribute(name);
  for (const { name, value } of [...fresh.attributes])
    if (old.getAttribute(name) !== value && !belongsHere(name, old)) {
      if (name === "style") old.style.cssText = value; // the policy of a page without a kernel forbids the attribute
      else old.setAttribute(name, value);
    }
  if (old.nodeName === "INPUT") {
    if (old.type === "checkbox" || old.type === "radio") old.checked = fresh.hasAttribute("checked");
    else if (old !== focusedIn(old)) old.value = fresh.getAttribute("value") ?? "";
  }
  if (old.nodeName === "OPTION") old.selected = fresh.hasAttribute("selected");
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

const focusedIn = (node) => node.getRootNode().activeElement; // a front end may keep widgets in a shadow tree

function moveAmong(element, selector, step) {
  const group = element.closest("[data-group]") ?? element.parentElement;
  const all = [...group.querySelectorAll(selector)];
  const to = all[Math.min(Math.max(all.indexOf(element) + step, 0), all.length - 1)];
  to?.focus();
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -1e9, End: 1e9 };

function page(name, label, send) {
  const root = document.createElement("div");
  root.className = "midi-page";
  root.dataset.page = name;
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", label);

  let acted = false; // whether what is shown next answers something done here: then a new detail comes into view
  let seen = "";

  const passOn = (element, value) => {
    acted = true;
    send({ act: element.dataset.act, of: element.dataset.of ?? "", value: value ?? null });
  };

  // So is what is folded: the button says what the board shows, also where the kernel's page brings a new one.
  const unfold = () => {
    const open = root.parentElement.classList.contains("midi-unfolded");
    for (const fold of root.querySelectorAll("[data-fold]")) fold.setAttribute("aria-expanded", String(open));
  };

  const show = ({ html, refused }) => {
    const focused = root.contains(focusedIn(root)) ? focusedIn(root) : null;
    const id = focused?.dataset.id;
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    patch(root, fresh.content);
    unfold();
    for (const element of root.querySelectorAll(FOCUSABLE)) element.setAttribute("data-lm-suppress-shortcuts", "true");
    if (focused && focusedIn(root) !== focused) {
      const again = root.contains(focused) ? focused : id && root.querySelector(`[data-id="${CSS.escape(id)}"]`);
      (again || root.querySelector("[data-home]"))?.focus({ preventScroll: true });
    }
    if (refused && focused?.hasAttribute("value")) focused.value = focused.getAttribute("value");
    const detail = root.querySelector("[data-detail]");
    if (acted && detail && detail.dataset.detail !== seen) detail.scrollIntoView({ block: "nearest" });
    [acted, seen] = [false, detail?.dataset.detail];
    root.dataset.shown = Number(root.dataset.shown ?? 0) + 1;
  };

  root.addEventListener("click", (event) => {
    const fold = event.target.closest("[data-fold]");
    if (fold) {
      root.parentElement.classList.toggle("midi-unfolded");
      unfold();
    }
    if (!event.target.closest(FOCUSABLE)) root.querySelector("[data-keys]")?.focus({ preventScroll: true });
    const element = event.target.closest("[data-act]");
    if (element && !element.matches("input, select") && !element.disabled) passOn(element);
  });

  let waiting = 0;
  root.addEventListener("input", ({ target }) => {
    if (!target.matches("input[data-act][type=search], input[data-act][type=range]")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => passOn(target, target.value), target.type === "search" ? 200 : 40);
  });

  root.addEventListener("change", ({ target }) => {
    if (!target.dataset.act || target.matches("[type=search], [type=range]")) return;
    passOn(target, target.type === "checkbox" ? target.checked : target.value);
  });

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { target, key } = event;
    const typing = target.matches("input:not([type=checkbox]):not([type=radio]), select");
    const item = target.closest("[data-item]");
    if (item === target && key in STEPS) {
      moveAmong(item, "[data-item]", STEPS[key]);
      event.preventDefault();
    } else if (item === target && item.nodeName === "TR" && (key === "Enter" || key === " ")) {
      passOn(item);
      event.preventDefault();
    } else if (!typing) {
      const keyed = root.querySelector("[data-keys]");
      const acts = Object.fromEntries((keyed?.dataset.keys ?? "").split(" ").map((pair) => pair.split("=")));
      const act = acts[key.length === 1 ? key.toLowerCase() : key];
      if (!act) return;
      send({ act, of: "", value: null });
      event.preventDefault();
    } else return;
    event.stopPropagation();
  });

  return { root, show };
}
