"use strict";
(function () {
  const words = document.body.dataset;
  const status = document.getElementById("status");

  // Without a secure origin there is no clipboard, and the old way has to do.
  async function copied(text) {
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return;
    }
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("not copied");
  }

  function select(element) {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  for (const value of document.querySelectorAll(".typed")) {
    const button = document.createElement("button");
    const label = value.closest("tr").querySelector("th").textContent;
    button.type = "button";
    button.className = "copy";
    button.textContent = words.copy;
    button.setAttribute("aria-label", words.copy + ": " + label);
    button.addEventListener("click", function () {
      copied(value.textContent).then(function () {
        button.textContent = words.copied;
        status.textContent = words.copied + ": " + label;
        setTimeout(function () { button.textContent = words.copy; }, 2000);
      }, function () { select(value); });
    });
    value.after(button);
  }
})();
