// <passerelle-badge>: how many messages are unread, for the banner of the ENT's page. No dependency.
//
//   <script src="https://messagerie.ent.example.fr/badge/passerelle-badge.js" defer></script>
//   <passerelle-badge token-url="/messagerie/badge-token" lang="fr"></passerelle-badge>
//
// token-url  a URL of the ENT itself that gives {"token": …} for whoever is signed in: its server asks Passerelle for one
//            (POST /api/v1/badge-tokens). The token of the API itself never comes to a browser.
// server     where Passerelle is; where this script came from, if it is not said
// lang       fr (default) or en
// poll       seconds between two questions where the stream does not work (60)
//
// It tells "passerelle-badge-change" ({detail: {unread}}) when the number changes. Parts for styles: count.
(() => {
  "use strict";
  const home = document.currentScript ? new URL(document.currentScript.src).origin : location.origin;
  const words = {
    fr: (n) => (n === 0 ? "Aucun message non lu" : n === 1 ? "1 message non lu" : `${n} messages non lus`),
    en: (n) => (n === 0 ? "No unread messages" : n === 1 ? "1 unread message" : `${n} unread messages`),
  };
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { display: inline-block; }
    .count { display: inline-block; min-width: 1.5em; padding: 0 .35em; border-radius: 1em; box-sizing: border-box;
      background: #b3261e; color: #fff; font-weight: 600; font-size: .8em; line-height: 1.5em; text-align: center; }
    .count[hidden] { display: none; }
    .said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    @media (forced-colors: active) { .count { border: 1px solid; } }`);

  class NotAllowed extends Error {}

  class PasserelleBadge extends HTMLElement {
    #unread = null;
    #token = null;
    #ending = null;
    #failures = 0;

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [style];
      this.count = document.createElement("span");
      this.count.className = "count";
      this.count.part = "count";
      this.count.hidden = true;
      this.count.setAttribute("aria-hidden", "true");
      this.said = document.createElement("span");
      this.said.className = "said";
      this.said.setAttribute("role", "status");
      root.append(this.count, this.said);
    }

    /** How many; null before it is known. */
    get unread() {
      return this.#unread;
    }

    /** What a screen reader says. */
    get text() {
      return this.said.textContent;
    }

    connectedCallback() {
      this.#ending = new AbortController();
      this.#run(this.#ending.signal);
    }

    disconnectedCallback() {
      this.#ending?.abort();
    }

    async #run(signal) {
      while (!signal.aborted) {
        try {
          await this.#listen(signal);
          this.#failures = 0;
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof NotAllowed) this.#token = null;
          this.#failures += 1;
          this.dispatchEvent(new CustomEvent("passerelle-badge-error", { detail: { message: String(error) } }));
          // A stream may be kept from working by what stands between: then the number is asked for.
          if (this.#failures > 1) await this.#ask(signal).catch(() => {});
        }
        await this.#pause(signal);
      }
    }

    // Doubled with each failure, up to `poll`; at another moment in each browser.
    #pause(signal) {
      const poll = Math.max(5, Number(this.getAttribute("poll")) || 60);
      const seconds = Math.min(poll, 2 ** this.#failures) * (0.5 + Math.random());
      return new Promise((done) => {
        const timer = setTimeout(done, 1000 * seconds);
        signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
      });
    }

    async #fetch(path, signal) {
      this.#token ??= await this.#newToken(signal);
      const server = this.getAttribute("server") || home;
      const answer = await fetch(`${server}/api/v1${path}`, {
        headers: { Authorization: `Bearer ${this.#token}` },
        credentials: "omit",
        cache: "no-store",
        signal,
      });
      if (answer.status === 401) throw new NotAllowed("the badge's token has run out");
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      return answer;
    }

    async #newToken(signal) {
      const answer = await fetch(this.getAttribute("token-url"), { credentials: "same-origin", cache: "no-store", signal });
      if (!answer.ok) throw new Error(`no token: status ${answer.status}`);
      return (await answer.json()).token;
    }

    async #ask(signal) {
      this.#show((await (await this.#fetch("/badge", signal)).json()).unread);
    }

    // Reads events until the server ends them, which it does now and then.
    async #listen(signal) {
      const answer = await this.#fetch("/badge/events", signal);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        text += value;
        const events = text.split("\n\n");
        text = events.pop();
        for (const event of events) {
          const lines = event.split("\n").filter((line) => line.startsWith("data: "));
          if (lines.length) this.#show(JSON.parse(lines.map((line) => line.slice(6)).join("\n")).unread);
        }
      }
    }

    #show(unread) {
      if (!Number.isSafeInteger(unread) || unread === this.#unread) return;
      this.#unread = unread;
      this.count.hidden = unread === 0;
      this.count.textContent = unread > 99 ? "99+" : String(unread);
      this.said.textContent = (words[this.getAttribute("lang")] || words.fr)(unread);
      this.dispatchEvent(new CustomEvent("passerelle-badge-change", { bubbles: true, detail: { unread } }));
    }
  }

  if (!customElements.get("passerelle-badge")) customElements.define("passerelle-badge", PasserelleBadge);
})();
