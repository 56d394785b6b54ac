// A page that outlived its session: signed in again in another tab, it takes the new session's token and goes on.
globalThis.renewToken = async () => {
  const answer = await fetch(location.href, { redirect: "manual" }).catch(() => null);
  const token = answer?.ok && /name="csrf_token" value="([^"]+)"/.exec(await answer.text())?.[1];
  if (!token) return false;
  document.querySelectorAll("input[name=csrf_token]").forEach((field) => { field.value = token; });
  return true;
};
