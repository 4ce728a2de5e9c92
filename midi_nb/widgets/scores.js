// Scores before and after problems are fixed. gains.py counted which kinds of checks the problems touch; here they are
// added up, and drawn: the line that says what the ticks bring, and the table of submissions.

const scores = (() => {
  const { kept } = explorer;
  const CATEGORIES = ["hipaa", "dicom", "tcia", "other"];

  function model({ fixes: { units, codes, of }, problems }) {
    const slots = (numbers, place) => numbers.slice(CATEGORIES.length * place, CATEGORIES.length * (place + 1));

    // Passes and checks of each submission and category with some problems fixed.
    function counted(unit, fixed) {
      const groups = CATEGORIES.length * codes.length;
      if (!units[unit]) return [Array(groups).fill(NaN), Array(groups).fill(NaN)]; // on its way
      const { passed, group, times, sound, kind, problem, failed, counts } = units[unit];
      const [passes, total] = [passed.map((one) => one ?? NaN), passed.map((one) => one ?? NaN)];
      const there = Uint8Array.from(sound);
      const broken = new Uint8Array(group.length);
      const asked = new Uint8Array(group.length);
      for (let pair = 0; pair < kind.length; pair++) {
        if (fixed.has(problem[pair])) there[kind[pair]] = 1;
        else if (failed[pair]) broken[kind[pair]] = 1;
        if (counts[pair]) asked[kind[pair]] = 1;
      }
      for (let one = 0; one < group.length; one++) {
        if (there[one] && !broken[one]) passes[group[one]] += times[one];
        if (there[one] || asked[one]) total[group[one]] += times[one];
      }
      return [passes, total];
    }

    // All checks alike without weights, else the weighted mean of the scores of the categories that have checks.
    function rate(passes, total, weights) {
      const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
      if (!Object.keys(weights).length) return sum(passes) / sum(total);
      const shares = CATEGORIES.map((name, at) => (total[at] > 0 ? (weights[name] ?? 0) : 0));
      return sum(shares.map((share, at) => (share ? (share * passes[at]) / total[at] : 0))) / sum(shares);
    }

    // The score of each submission, and its rank among those that have one.
    function ranked(unit, weights, fixed) {
      const [passes, total] = counted(unit, new Set(fixed));
      const all = codes.map((_, place) => rate(slots(passes, place), slots(total, place), weights));
      return all.map((mine) => [mine, Number.isNaN(mine) ? null : 1 + all.filter((one) => one - mine > 1e-12).length]);
    }

    // By submission: its score and rank before and after; neither filters nor pages change them.
    const begun = kept((unit, weights) => ranked(unit, JSON.parse(weights), []));
    const ended = kept((unit, weights, fixed) => ranked(unit, JSON.parse(weights), JSON.parse(fixed)));
    function rates({ fixed, unit, weights }) {
      const rules = [unit, JSON.stringify(weights)];
      const was = begun(...rules);
      const now = ended(...rules, JSON.stringify(fixed));
      return codes.map((code, place) => {
        const [[before, rankBefore], [after, rankAfter]] = [was[place], now[place]];
        return { code, before, after, rankBefore, rankAfter };
      });
    }

    // What each problem brings its submission by itself; null where nobody knows.
    const gains = ({ unit, weights }) => gained(unit, JSON.stringify(weights));
    const gained = kept((unit, rules) => {
      if (!units[unit]) return problems.map(() => null);
      const weights = JSON.parse(rules);
      const { group, times, sound, kind, problem, failed, counts } = units[unit];
      const [passes, total] = counted(unit, new Set());
      const fails = new Uint32Array(group.length);
      const asked = Uint8Array.from(sound);
      for (let pair = 0; pair < kind.length; pair++) {
        fails[kind[pair]] += failed[pair];
        asked[kind[pair]] |= counts[pair];
      }
      const added = problems.map((_, number) => [slots(passes, of[number]), slots(total, of[number])]);
      for (let pair = 0; pair < kind.length; pair++) {
        const one = kind[pair];
        const at = group[one] % CATEGORIES.length;
        const own = added[problem[pair]];
        if (!(sound[one] && !fails[one]) && fails[one] === failed[pair]) own[0][at] += times[one];
        if (!asked[one]) own[1][at] += times[one];
      }
      const rounded = (gain) => (Number.isNaN(gain) ? null : Math.round(1e15 * gain) / 1e15);
      return added.map((own, number) =>
        rounded(rate(...own, weights) - rate(slots(passes, of[number]), slots(total, of[number]), weights)),
      );
    });

    return { rates, gains };
  }

  // Weights that count: numbers, and at least one above 0.
  const weighty = (weights) =>
    Object.values(weights).every((one) => one >= 0 && one < Infinity) && Object.values(weights).some((one) => one > 0);

  const choice = (act, titles, chosen, off = []) =>
    joined(
      act === "unit" ? "Count" : "Weights",
      Object.entries(titles).map(([name, title]) =>
        button(title, act, name, {
          "aria-pressed": String(name === chosen),
          disabled: off.includes(name),
          "data-id": `${act}-${name}`,
        }),
      ),
    );

  const weighed = (words, weights) =>
    Object.entries(weights)
      .map(([name, one]) => `${words.category[name]} ${one}`)
      .join(", ");

  // What is set: what weighs how much (where the categories of all checks are known), and what counts.
  function rules({ presets, words, fixes, complete }, { unit, weights }) {
    const alike = (preset) =>
      Object.keys(preset).length === Object.keys(weights).length &&
      Object.entries(preset).every(([name, one]) => weights[name] === one);
    const chosen = Object.keys(presets).find((name) => alike(presets[name])) ?? "own";
    const said = (preset) => weighed(words, preset) || "Equal (official)";
    const titles = {
      ...Object.fromEntries(Object.entries(presets).map(([name, preset]) => [name, said(preset)])),
      own: "Own weights",
    };
    const fields = Object.entries(words.category).map(([name, title]) =>
      node(
        "label",
        {},
        `${title} `,
        node("input", {
          type: "number",
          min: 0,
          step: 5,
          value: String(weights[name] ?? 0),
          class: "weight",
          "data-act": "weight",
          "data-of": name,
          "data-id": `weight-${name}`,
        }),
      ),
    );
    return node(
      "div",
      { class: "line" },
      complete && [node("span", {}, "Weights ", choice("weights", titles, chosen)), chosen !== "equal" && fields],
      node(
        "span",
        {},
        "Count ",
        choice(
          "unit",
          words.unit,
          unit,
          Object.keys(words.unit).filter((name) => !(name in fixes.units)),
        ),
      ),
    );
  }

  // What a score counts, where that is not every check alike.
  const rule = (words, { unit, weights }) =>
    [
      unit !== "instance" && words.unit[unit].toLowerCase(),
      weighed(words, weights) && `weights ${weighed(words, weights)}`,
    ]
      .filter(Boolean)
      .join(", ");

  // What the ticks bring the one submission that is shown, or how many of several have some.
  function brought(own, several, fixed, rule) {
    const ranks = own
      ? [own.rankBefore, own.rankAfter].filter((one) => one !== null).map((one) => `${one} of ${several}`)
      : [];
    const moved = several > 1 && ranks.length ? `, rank ${[...new Set(ranks)].join(" → ")}` : "";
    const scores = own ? [own.before, ...(fixed ? [own.after] : [])].map((one) => percent(one)).join(" → ") : "";
    return [
      scores && node("span", { class: "big" }, scores),
      node("span", {}, `${count(fixed, "problem")} fixed${moved}`),
      scores && rule && quiet(`(${rule})`),
    ];
  }

  // Where the scale of scores begins: a round number below all of them.
  function lowest(rates) {
    const all = rates.flatMap(({ before, after }) => [before, after]).filter((one) => !Number.isNaN(one));
    if (!all.length) return 0;
    const low = Math.min(...all);
    const step = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001].find((one) => one <= Math.max(1 - low, 0.001));
    return Math.max(0, Math.floor((low - 1e-9) / step) * step);
  }

  // The scale from `low` to 1: a tick where a score was, a dot where it is.
  function track({ before, after }, low) {
    const [was, now] = [before, after].map((one) =>
      low < 1 && !Number.isNaN(one) ? (100 * (one - low)) / (1 - low) : 0,
    );
    return node(
      "span",
      { class: "track", "aria-hidden": "true" },
      node("span", {
        class: "path",
        style: `left:${Math.min(was, now).toFixed(2)}%;width:${Math.abs(now - was).toFixed(2)}%`,
      }),
      node("span", { class: "was", style: `left:${was.toFixed(2)}%` }),
      node("span", { class: "now", style: `left:${now.toFixed(2)}%` }),
    );
  }

  // The lines of the table of submissions; `rows` say of each what is known of it beside its score.
  function table(rows, heads, shown) {
    const low = lowest(rows.map(({ rates }) => rates).filter(Boolean));
    const rank = ({ rankBefore, rankAfter }) => {
      const move = rankBefore - rankAfter;
      return rankAfter === null ? "–" : `${rankAfter}${move > 0 ? ` ▲${move}` : move < 0 ? ` ▼${-move}` : ""}`;
    };
    const score = ({ before, after }) => [
      percent(after),
      Math.abs(after - before) > 0 && quiet(` ${points(after - before)}`),
    ];
    const columns = [
      ["submission", "", (row) => row.face],
      [
        "track",
        "track-of phone",
        ({ rates }) => rates && !Number.isNaN(rates.after) && track(rates, low),
        node("span", { class: "scale quiet" }, node("span", {}, percent(low, 1)), node("span", {}, "100 %")),
      ],
      ["score", "number", ({ rates }) => rates && score(rates)],
      ["rank", "number phone", ({ rates }) => rates && rank(rates)],
      ["selected", "number", ({ selected }) => selected],
      ["failing", "number phone", ({ failing }) => failing],
      ["only_here", "number phone", ({ only_here }) => only_here],
    ].filter(([name]) => shown.includes(name));
    return grid(
      { class: "grid ranks", "aria-label": "Submissions", "data-group": "submissions" },
      columns.map(([name, looks, , head]) =>
        node("th", { scope: "col", class: looks || null }, node("span", {}, head ?? heads[name])),
      ),
      rows.map((row) =>
        node(
          "tr",
          { class: row.mine ? "mine" : null },
          columns.map(([, looks, cell]) => node("td", { class: looks || null }, cell(row))),
        ),
      ),
    );
  }

  return { model, rules, rule, brought, table, weighty };
})();
