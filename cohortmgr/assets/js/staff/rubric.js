// Scoring on keys: a figure chooses in the criterion in focus and goes to the next, Enter saves, and a letter presses
// what shows it. Only while the focus is inside the region marked data-keys, so that no key surprises elsewhere.
const rubric = document.querySelector("form[data-rubric]");
if (rubric) {
  const criteria = [...rubric.querySelectorAll("[data-criterion]")];
  const radios = (criterion) => [...criterion.querySelectorAll("input[type=radio]")];
  const enter = (criterion) => {
    const choices = radios(criterion);
    (choices.find((radio) => radio.checked) || choices[0])?.focus();
  };
  const typing = (target) => target.closest("textarea, select, input:not([type=radio])");
  const current = () => {
    const focused = document.activeElement?.closest("[data-criterion]");
    return focused || criteria.find((criterion) => !radios(criterion).some((radio) => radio.checked)) || criteria[0];
  };

  const choose = (figure) => {
    const criterion = current();
    const radio = criterion && radios(criterion).find((each) => each.value === figure);
    if (!radio) return false;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    radio.focus();
    const next = criteria[criteria.indexOf(criterion) + 1];
    if (next) enter(next);
    return true;
  };

  const region = rubric.closest("[data-keys]") || rubric;
  const press = (letter) => {
    const thing = region.querySelector(`[data-key="${letter}"]`);
    if (thing) thing.click();
    return Boolean(thing);
  };
  if (!document.querySelector("[data-error-summary]") && criteria.length) enter(current());

  region.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    let used = false;
    const figure = event.key.replace(/^[\u0660-\u0669\u06f0-\u06f9]$/, (key) => String(key.charCodeAt(0) & 15));
    if (/^[0-9]$/.test(figure)) used = choose(figure);
    else if (/^[a-z]$/i.test(event.key)) used = press(event.key.toLowerCase());
    else if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
      rubric.requestSubmit(rubric.querySelector("button[type=submit]"));
      used = true;
    }
    if (used) event.preventDefault();
  });
}
