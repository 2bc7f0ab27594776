// Keyboard of the pages. Everything it does can also be done with links, selects and buttons; no page needs it for reading.
const decisions = { 1: "confirmed", 2: "refuted", 3: "inconclusive" };
const rows = [...document.querySelectorAll("table[data-cursor] tbody tr:not([data-skip])")].filter((row) => row.querySelector("a, select"));
const help = document.getElementById("help");
let at = -1;

function move(to) {
  if (!rows.length) return;
  rows[at]?.classList.remove("at");
  at = Math.max(0, Math.min(rows.length - 1, to));
  rows[at].classList.add("at");
  rows[at].scrollIntoView({ block: "nearest" });
}

function paint(select) {
  const chosen = select.selectedOptions[0]?.closest("optgroup");
  select.className = chosen ? chosen.dataset.decision : "";
}

// The first reason of a decision; asked again, the next one.
function choose(select, decision) {
  const options = [...select.querySelectorAll(`optgroup[data-decision="${decision}"] option`)];
  const next = (options.indexOf(select.selectedOptions[0]) + 1) % options.length;
  select.value = options[next].value;
  paint(select);
}

function decide(key, all) {
  const chosen = all
    ? rows.filter((row) => !row.dataset.decided).map((row) => row.querySelector("select"))
    : [rows[Math.max(at, 0)]?.querySelector("select")];
  if (!all && at < 0) move(0);
  for (const select of chosen.filter(Boolean)) {
    if (key === "0") select.value = "";
    else choose(select, decisions[key]);
    paint(select);
  }
}

const keys = {
  j: () => move(at + 1),
  k: () => move(at - 1),
  u: () => document.querySelector("[data-up]")?.click(),
  n: () => document.querySelector("textarea[name=note]")?.focus(),
  s: () => document.querySelector("[data-save]")?.click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => help?.showModal(),
  Enter: () => rows[at]?.querySelector('a[href^="/cases/"], a[href^="/leads/"], a')?.click(),
};

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || help?.open) return;
  if (target.matches("input, textarea, select")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (event.key === "Enter" && target.matches("a, button, summary")) return;
  const digit = /^Digit([0-3])$/.exec(event.code)?.[1];
  if (digit && document.querySelector("table[data-decide]")) decide(digit, event.shiftKey);
  else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
});

for (const select of document.querySelectorAll("table[data-decide] select")) {
  select.addEventListener("change", () => paint(select));
  paint(select);
}
document.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());
