// A file leaves as soon as it is chosen: a photo is made smaller first, pieces follow one another, and after a cut the
// sending goes on where it was. Without this the form around sends the same files.
const PIECE = 256 * 1024;
const SIDE = 2000;
const pause = (time) => new Promise((resolve) => {
  const done = () => { clearTimeout(timer); removeEventListener("online", done); resolve(); };
  const timer = setTimeout(done, time);
  addEventListener("online", done);
});

const shrunk = async (file) => {
  if (!file.type.startsWith("image/")) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
    return made && made.size < file.size ? made : file;
  } catch {
    return file; // not one that this browser draws: the server reads it
  }
};

// The content's name, by which a sending that was cut is known again, after a reload and on another telephone too.
const named = async (blob) => {
  try {
    const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch {
    return ""; // not over a plain network: it begins again
  }
};

class Ended extends Error {}

const ask = async (form, url, options, told) => {
  let renewed = false;
  for (let wait = 1000; ; wait = Math.min(wait * 2, 15000)) {
    try {
      const answer = await fetch(url, {
        ...options,
        headers: { ...options.headers, "X-CSRFToken": form.elements.csrf_token.value },
      });
      if (answer.status === 400 && !renewed && (renewed = await renewToken())) continue;
      if (answer.redirected || answer.status === 400) throw new Ended("ended");
      if (answer.status < 500 && answer.status !== 429) return answer;
    } catch (error) {
      if (error instanceof Ended) throw error;
    }
    told("waiting");
    await pause(wait);
    if (options.method === "PATCH") return null; // how much arrived is asked before more is sent
  }
};

const transfer = async (form, box, file, way, told, bar) => {
  told("shrinking");
  const blob = await shrunk(file);
  const about = new URLSearchParams({ name: file.name, size: blob.size, sha256: await named(blob) });
  const begun = await ask(form, box.dataset.uploads, { method: "POST", body: about }, told);
  let state = await begun.json();
  const { url } = state;
  if (!url) return state;
  const going = state.offset ? "resuming" : "sending";
  while (!state.refused && !state.state) {
    told(going);
    bar.value = state.offset / blob.size;
    const piece = blob.slice(state.offset, state.offset + PIECE);
    const headers = { "Upload-Offset": state.offset, "Upload-Way": way, "Content-Type": "application/octet-stream" };
    let answer = await ask(form, url, { method: "PATCH", headers, body: piece }, told);
    if (!answer) answer = await ask(form, url, { method: "GET" }, told);
    if (answer.status === 404) throw new Ended("failed");
    state = await answer.json();
  }
  bar.value = 1;
  return { ...state, upload: url };
};

// What was sent, as the page now shows it: drawn by the server, in place of what stood there before.
const renewed = async (box) => {
  const answer = await fetch(location);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.querySelector(`[data-uploads="${box.dataset.uploads}"]`);
  if (now) box.previousElementSibling.replaceWith(now.previousElementSibling);
};

const watched = async (state, line, box) => {
  for (let wait = 1500; !state.done && wait < 20000; wait *= 1.5) {
    await pause(wait);
    const answer = await fetch(state.watch).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) continue;
    state = await answer.json();
    line.textContent = state.text;
  }
  line.parentElement.classList.toggle("done", state.state === "clean");
  line.parentElement.classList.toggle("stop", state.state === "refused");
  if (state.done) renewed(box);
};

// What has arrived is no longer missing: the error beside it goes, and its line of the summary.
const righted = (box, field) => {
  (box.closest(".invalid") || box.querySelector(".invalid"))?.classList.remove("invalid");
  box.querySelectorAll(".field-error").forEach((said) => said.remove());
  field.removeAttribute("aria-invalid");
  const summary = document.querySelector("[data-error-summary]");
  summary?.querySelectorAll(`a[href="#${field.id}"]`).forEach((link) => link.closest("li").remove());
  if (summary && !summary.querySelector("li")) summary.remove();
};

document.querySelectorAll("[data-uploads]").forEach((box) => {
  const field = box.querySelector("input[type=file]");
  const form = field.form;
  let queue = Promise.resolve();
  field.multiple = true;
  box.querySelectorAll("[data-unfinished]").forEach((line) => {
    line.hidden = !crypto.subtle;
    line.querySelector("button").addEventListener("click", async () => {
      const answer = await ask(form, line.dataset.unfinished, { method: "DELETE" }, () => {});
      if (answer.ok || answer.status === 404) line.remove();
    });
  });
  const chosen = ({ target }) => {
    const files = [...target.files];
    queue = queue.then(async () => {
      let last;
      for (const [place, file] of files.entries()) {
        const row = box.appendChild(document.createElement("div"));
        row.className = "upload card pad";
        const name = row.appendChild(document.createElement("bdi"));
        name.textContent = file.name;
        const bar = row.appendChild(document.createElement("progress"));
        bar.setAttribute("aria-label", file.name);
        const line = row.appendChild(document.createElement("p"));
        line.setAttribute("role", "status");
        const told = (what) => { line.textContent = box.dataset[what]; };
        try {
          const way = box.dataset.way === "add" || place ? "add" : "replace";
          last = await transfer(form, box, file, way, told, bar);
          line.textContent = last.refused || last.text;
          row.classList.toggle("stop", Boolean(last.refused));
          target.value = "";
          field.required = false;
          if (!last.refused) righted(box, field);
          box.querySelectorAll(`[data-unfinished="${last.upload}"]`).forEach((old) => old.remove());
          if (!last.refused && !("reload" in box.dataset)) watched(last, line, box);
        } catch (error) {
          told(error instanceof Ended ? error.message : "failed");
          return;
        } finally {
          bar.remove();
        }
      }
      if (last && !last.refused && "reload" in box.dataset) location.reload();
    });
  };
  field.addEventListener("change", chosen);
  // A photo has a button of its own: its input is never sent with the form.
  const ways = box.querySelector("[data-ways]");
  const camera = document.createElement("input");
  Object.assign(camera, { type: "file", accept: "image/*", hidden: true });
  camera.setAttribute("capture", "environment");
  camera.addEventListener("change", chosen);
  field.after(camera);
  ways.querySelectorAll("button").forEach((button) => {
    const named = field.labels[0]?.firstChild?.textContent.trim();
    if (named) button.setAttribute("aria-label", `${button.textContent.trim()} (${named})`);
    button.addEventListener("click", () => (button.dataset.wayTo === "camera" ? camera : field).click());
  });
  field.before(ways);
  ways.hidden = false;
  field.classList.add("visually-hidden");
  field.tabIndex = -1;
});
