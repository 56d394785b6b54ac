// The search over everything: "/" or Ctrl K goes there, hits come while one types, arrows go through them.
const form = document.querySelector("[data-search]");

if (form) {
  const box = form.querySelector("input");
  const panel = form.querySelector("[data-hits]");
  const said = form.querySelector("[data-said]");
  let asked = null;
  let pause = 0;

  // While hits lie above the page, what they cover in part is out of reach: half a button is no button.
  const show = (isOpen) => {
    panel.hidden = !isOpen;
    document.querySelectorAll("main, .foot").forEach((part) => { part.inert = isOpen; });
  };

  const links = () => [...panel.querySelectorAll("a")];
  const close = () => {
    asked?.abort();
    clearTimeout(pause);
    show(false);
    said.textContent = "";
  };
  const tell = (count) => {
    const { one, many, none } = said.dataset;
    said.textContent = count > 1 ? many.replace("#", count) : count ? one : none;
  };
  const seek = async () => {
    const text = box.value.trim();
    if (text.length < 2) {
      close();
      return;
    }
    asked?.abort();
    const mine = new AbortController();
    asked = mine;
    const asking = new URLSearchParams(new FormData(form));
    asking.set("quick", "1");
    // A session that ended leads to the sign-in, which is no list.
    const answer = await fetch(`${form.action}?${asking}`, { signal: mine.signal, redirect: "error" }).catch(() => null);
    if (mine.signal.aborted) return;
    const list = answer?.ok ? await answer.text() : "";
    if (mine.signal.aborted) return;
    panel.replaceChildren(...new DOMParser().parseFromString(list, "text/html").body.children);
    show(Boolean(list));
    if (list) tell(links().length);
  };

  box.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(seek, 120);
  });
  form.addEventListener("keydown", (event) => {
    const places = [box, ...links()];
    const now = places.indexOf(document.activeElement);
    if (event.key === "Escape") {
      close();
      box.focus();
    } else if (!panel.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp") && now >= 0) {
      event.preventDefault();
      places[(now + (event.key === "ArrowDown" ? 1 : places.length - 1)) % places.length].focus();
    }
  });
  form.addEventListener("submit", close);
  document.addEventListener("click", (event) => { if (!form.contains(event.target)) close(); });
  document.addEventListener("keydown", (event) => {
    const isCalled = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const writes = event.target.closest?.("input, textarea, select, [contenteditable]");
    const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !writes;
    if (!isCalled && !isSlash) return;
    event.preventDefault();
    if (box.offsetParent === null) {
      location.assign(form.action); // on a phone with keys the box has a page of its own
      return;
    }
    box.focus();
    box.select();
  });
}
