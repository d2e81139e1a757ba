// What pages do beyond what HTML does by itself. All of it can be missing: nothing but live news and copying is lost.

// Copying: `<button data-copy="id of the element whose text is copied" hidden>`; `data-copied` is what it says then.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  const said = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.dataset.text ?? source.textContent);
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = said; }, 3000);
  });
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A form goes out once, however often somebody clicks.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    const button = form.querySelector("button[type=submit]");
    // After the browser has gathered what the form holds.
    setTimeout(() => { if (button) button.disabled = true; }, 0);
  });
}

// What is shown once is gone when the page is left, also from the browser's memory of pages.
window.addEventListener("pagehide", () => {
  for (const secret of document.querySelectorAll("[data-once]")) {
    secret.textContent = "";
    delete secret.dataset.text;
  }
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// Live news: `<section data-live="stream of events" data-part="where the section's new content is">`.
for (const live of document.querySelectorAll("[data-live]")) {
  const title = document.title;
  const tell = () => {
    const unread = Number(live.querySelector("[data-unread]")?.dataset.unread ?? 0);
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  };
  const renew = async () => {
    const answer = await fetch(live.dataset.part, { redirect: "error", cache: "no-store" });
    // Signed out meanwhile: the server says what to do.
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) return;
    const part = new DOMParser().parseFromString(await answer.text(), "text/html");
    // A screen reader hears of it only where something is new.
    if (part.body.textContent === live.textContent) return;
    live.replaceChildren(...part.body.childNodes);
    tell();
  };
  const listen = () => {
    const events = new EventSource(live.dataset.live);
    // What came before it was heard of, on the first time and after each break.
    events.addEventListener("open", () => { renew().catch(() => {}); });
    events.addEventListener("changed", () => { renew().catch(() => {}); });
    // Closed for good (an error of HTTP): later once more, not at once.
    events.addEventListener("error", () => {
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 60000 + Math.random() * 60000);
    });
  };
  tell();
  listen();
}
