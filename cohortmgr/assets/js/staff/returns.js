// The way back to a list leads to it as it was left: its page, its order and what it was narrowed to.
// Addresses of lists are kept in this tab, and not at all on a device that others use too.
const returning = document.documentElement.dataset.shared === undefined;
// Whether an address of a list asks for all that another one asks for, whose form sends its empty fields too.
const asksAll = (search, wanted) => {
  const asked = new URLSearchParams(search);
  return [...new URLSearchParams(wanted)].every(([name, value]) => asked.getAll(name).join(",") === value);
};
try {
  if (returning) {
    document.querySelectorAll("a.back").forEach((way) => {
      const left = sessionStorage.getItem(`left:${way.pathname}`);
      // A link that asks for something else than the list did was made for something else.
      if (left !== null && asksAll(left, way.search)) way.search = left;
    });
    if (document.querySelector(".listed")) sessionStorage.setItem(`left:${location.pathname}`, location.search);
  }
} catch {
  // storage is closed: the way back leads to the beginning of the list
}
