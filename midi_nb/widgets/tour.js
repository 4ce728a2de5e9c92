// The tour in the browser: six images to choose from, then the one with its original to compare, why, and what fixing
// gains.
//
// data: { choices: [{ picture, label, says }], sides: { original, released }, steps: [{ name, title, html }], title?,
// link }. A choice that has nothing to say is the one to find. `host`: moved(step), and link, a page to end in, or
// open().

const tour = (() => {
  const SKELETON = `<nav class="joined" aria-label="Steps"></nav><h2 tabindex="-1"></h2><div class="body">
    <div class="choices" role="group" aria-label="Images"></div>
    <div class="sides"><div class="swipe"></div>
    <input type="range" min="0" max="100" aria-label="Line between original and released image"></div>
    <div class="aside"><div class="says"></div><div class="line"></div></div></div>
    <p class="note" role="status"></p>`;

  const press = (label, act, name = null) => node("button", { type: "button", class: name, onclick: act }, label);

  function render(root, data, at, host) {
    const { choices, steps, sides } = data;
    const last = steps.length;
    let step = 0;
    let found = false;
    root.classList.add("midi-page", "midi-tour");
    root.setAttribute("role", "region");
    root.setAttribute("aria-label", "Tour");
    root.innerHTML = SKELETON;
    const [nav, title, note, line] = ["nav", "h2", ".note", ".line"].map((name) => root.querySelector(name));
    const [grid, compared, swipe, says] = [".choices", ".sides", ".swipe", ".says"].map((name) =>
      root.querySelector(name),
    );
    const range = root.querySelector("input");

    const say = (text) => {
      note.textContent = text;
      note.hidden = !text;
    };
    const go = (to) => {
      show(to);
      host.moved(step);
    };
    const ends = "Open it in the explorer";
    const end = host.open ? press(ends, () => go(last), "judge") : node("a", { href: data.link, class: "judge" }, ends);
    const next = press("Next", () => go(step + 1), "judge");
    const back = press("Back", () => go(step - 1));
    const give = press("Show me", () => go(1));
    line.append(next, end, back, give);

    // Find
    grid.append(
      ...choices.map(({ picture, label, says: why }, number) => {
        const name = node("span", {}, `${number + 1} ${label}`);
        const made = press([node("img", { src: picture, alt: "" }), name], () => {
          made.classList.add(why ? "pass" : "fail");
          if (!why) return go(1);
          name.textContent = `${number + 1} ${label} ✔ no text`;
          made.setAttribute("aria-label", `Image ${number + 1}, ${label}, no text`);
          say(why);
        });
        made.setAttribute("aria-label", `Image ${number + 1}, ${label}`);
        return made;
      }),
    );
    grid.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const all = [...grid.children];
      if (!by || !all.includes(event.target)) return;
      all[(all.indexOf(event.target) + by + all.length) % all.length].focus();
      event.preventDefault();
    });

    // Compare
    swipe.innerHTML = Object.values(sides ?? {}).join("");
    const draw = () => swipe.style.setProperty("--at", `${range.value}%`);
    const follow = ({ clientX, buttons }) => {
      const { left, width } = swipe.getBoundingClientRect();
      if (buttons) range.value = (100 * (clientX - left)) / width;
      compared.classList.remove("gliding");
      draw();
    };
    range.addEventListener("input", follow);
    for (const event of ["pointerdown", "pointermove"]) swipe.addEventListener(event, follow);
    const glide = () => {
      // from the released image to half of each
      range.value = 0;
      draw();
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          compared.classList.add("gliding");
          range.value = 50;
          draw();
        }),
      );
    };

    nav.append(...steps.map(({ name }, number) => press(`${number + 1} ${name}`, () => go(number))));

    function show(to, focus = true) {
      const before = step;
      step = Math.min(Math.max(to, 0), last);
      found ||= step > 0;
      const here = Math.min(step, last - 1);
      root.dataset.step = here;
      [...nav.children].forEach((one, number) => {
        one.disabled = number > 0 && !found;
        one.setAttribute("aria-pressed", String(number === here));
      });
      title.textContent = steps[here]?.title ?? data.title;
      says.innerHTML = steps[here]?.html ?? "";
      grid.hidden = here > 0;
      compared.hidden = here < 1;
      [next.hidden, back.hidden, give.hidden, end.hidden] = [
        here < 1 || here > last - 2,
        here < 1,
        here > 0 || !last,
        here < last - 1 || !(host.open ? last : data.link),
      ];
      say("");
      if (here === 1 && before < 1) glide();
      if (focus && step < last) title.focus();
      withoutShortcuts(root);
    }
    show(at, false);
    return {
      state: (to) => {
        if (to !== step) show(to);
      },
    };
  }
  return { render };
})();
