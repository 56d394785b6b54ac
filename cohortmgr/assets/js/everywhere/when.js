// Questions for some people only: shown and hidden as the answers before them change. The server judges again; without
// scripts each says in words for whom it is.
document.querySelectorAll("form").forEach((form) => {
  const asked = [...form.querySelectorAll("[data-when]")];
  if (!asked.length) return;
  // What another page asks was judged there: its question does not stand here.
  const here = ([key]) => document.getElementById(key);
  const rules = new Map(asked.map((box) => [box, JSON.parse(box.dataset.when).filter(here)]));
  const levels = ["A1", "A2", "B1", "B2", "C1", "C2"];

  const given = (field) => {
    if (field.type === "radio" || field.type === "checkbox") return field.checked;
    return field.value.trim() !== "";
  };

  // What stands in the inputs of a question: their texts, and of each the part that it names.
  const said = (key) => {
    const found = [];
    for (const field of form.elements) {
      const own = field.name === key;
      if ((!own && !field.name?.startsWith(`${key}-`)) || field.type === "submit") continue;
      if (field.closest("[data-when][hidden]") || !given(field)) continue;
      if (own && field.type === "checkbox" && field.value === "y") found.push("true");
      else found.push(field.value.trim(), ...(own ? [] : [field.name.slice(key.length + 1)]));
    }
    return found;
  };

  const size = (text) => {
    if (levels.includes(text)) return levels.indexOf(text);
    const western = text.replace(/[٠-٩]/g, (digit) => "٠١٢٣٤٥٦٧٨٩".indexOf(digit)).replace(/[,٫]/, ".");
    return western === "" ? NaN : Number(western);
  };

  const holds = ([key, operator, values]) => {
    const answer = said(key);
    switch (operator) {
      case "not_empty": return answer.length > 0;
      case "empty": return answer.length === 0;
      case "one_of": return answer.some((each) => values.includes(each));
      case "none_of": return !answer.some((each) => values.includes(each));
      case "at_least": return answer.length > 0 && size(answer[0]) >= size(values[0]);
      case "at_most": return answer.length > 0 && size(answer[0]) <= size(values[0]);
      default: return true;
    }
  };

  // A section of which nothing is left is hidden with its title.
  const fold = () => form.querySelectorAll("fieldset.group:not(.row-fields)").forEach((section) => {
    const parts = [...section.children].filter((part) => part.tagName !== "LEGEND");
    section.hidden = parts.length > 0 && parts.every((part) => part.hidden);
  });

  const judge = () => {
    // Once for each link of the longest chain that there can be: a hidden answer hides in turn.
    for (let turn = 0; turn <= asked.length; turn += 1) {
      let moved = false;
      asked.forEach((box) => {
        const hide = !rules.get(box).every(holds);
        moved ||= box.hidden !== hide;
        box.hidden = hide;
      });
      if (!moved) break;
    }
    fold();
  };

  asked.forEach((box) => box.querySelector("[data-when-said]")?.remove());
  form.addEventListener("input", judge);
  form.addEventListener("change", judge);
  judge();
});
