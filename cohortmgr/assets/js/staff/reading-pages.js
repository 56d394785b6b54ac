// The next files in memory, so that a hand-in shows the next one at once. Only pages without papers are fetched; a page
// that is not there is followed as a link.
const present = () => document.querySelector("[data-cockpit]");
if (present()?.dataset.readBy) {
  const FIRST = 5;
  const pages = new Map();
  const done = new Set();
  const address = (reference) => `${present().dataset.queue}/${reference}`;
  let fetching = null;

  const fetched = async (reference) => {
    const answer = await fetch(address(reference), { redirect: "error" }).catch(() => null);
    if (!answer?.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const frame = page.querySelector("[data-cockpit]");
    // Somebody else may have signed in meanwhile.
    if (frame?.dataset.readBy !== present().dataset.readBy) return false;
    pages.set(reference, { frame, title: page.title });
    return true;
  };
  const ahead = () => present().dataset.ahead.split(" ").filter((each) => each && !done.has(each));
  const fill = async () => {
    if (fetching) return;
    fetching = true;
    for (const reference of ahead().slice(0, FIRST)) {
      if (!pages.has(reference) && !(await fetched(reference))) break;
    }
    fetching = false;
  };

  // What was handed in after a page was fetched is said on it all the same.
  const freshen = (frame) => {
    const [then, now] = [frame, present()].map((each) => each.querySelector("[data-done]"));
    if (then && now) then.textContent = now.textContent;
    frame.querySelectorAll("[data-row]").forEach((row) => {
      if (done.has(row.dataset.row)) row.dataset.handed = "";
    });
  };
  const show = (reference, isBack = false) => {
    const page = pages.get(reference);
    if (!page) return false;
    const frame = document.importNode(page.frame, true);
    freshen(frame);
    present().replaceWith(frame);
    document.title = page.title;
    if (!isBack) history.pushState({ reference }, "", address(reference));
    window.scrollTo(0, 0);
    document.dispatchEvent(new CustomEvent("reading-shown"));
    fill();
    return true;
  };

  globalThis.readingPages = {
    show,
    held: () => pages.size,
    // The next file that waits, once this one is handed in.
    next: () => ahead().find((each) => each !== present().dataset.here),
    handedIn(reference) {
      done.add(reference);
      pages.delete(reference);
    },
    // Returns whether it was held to be handed in.
    waitsAgain: (reference) => done.delete(reference),
    // What changed on a page is no longer as it was fetched.
    forget: (reference) => pages.delete(reference),
    async papers(reference) {
      if (!(await fetched(reference))) return;
      const file = pages.get(reference).frame.querySelector("[data-file]");
      if (present().dataset.here === reference) present().querySelector("[data-file]").replaceWith(document.importNode(file, true));
    },
  };
  window.addEventListener("popstate", () => {
    const reference = location.pathname.split("/").at(-1);
    if (reference === present().dataset.here) return; // a paper was opened or closed
    pages.delete(reference);
    location.reload();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-cockpit] a[href]");
    if (!link || link.hash || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
    const reference = link.pathname.split("/").at(-1);
    if (link.pathname === new URL(address(reference), location.href).pathname && show(reference)) event.preventDefault();
  });
  if ("requestIdleCallback" in window) requestIdleCallback(fill, { timeout: 2000 });
  else setTimeout(fill, 300);
}
