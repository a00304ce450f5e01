// Filters the hosts and users that the page already has.
"use strict";
(() => {
  const form = document.getElementById("filter");
  const text = document.getElementById("text");
  const state = document.getElementById("state");
  const shown = document.getElementById("shown");
  const hosts = [...document.querySelectorAll("details.host")].map((element) => ({
    element,
    state: element.dataset.s,
    text: element.dataset.n.toLowerCase(),
    all: null,
    users: null,
    wasOpen: element.open,
  }));
  const read = (host) => {
    if (host.users !== null) return;
    host.users = [...host.element.querySelectorAll(".users > li")].map((element) => ({
      element,
      states: element.dataset.s.split(" "),
      text: element.textContent.toLowerCase(),
    }));
    host.all = host.element.textContent.toLowerCase();
  };
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = state.value;
    const filtered = words.length > 0 || wanted !== "";
    const has = (found) => words.every((word) => found.includes(word));
    let hostCount = 0;
    let userCount = 0;
    const visible = [];
    for (const host of hosts) {
      read(host);
      const hostState = wanted === "" || host.state === wanted;
      const whole = has(host.text);
      let users = 0;
      for (const user of host.users) {
        const match = (hostState || user.states.includes(wanted)) && (whole || has(user.text + " " + host.text));
        user.element.hidden = !match;
        users += match ? 1 : 0;
      }
      const match = users > 0 || (hostState && has(host.all));
      if (match && users === 0) for (const user of host.users) user.element.hidden = false;
      host.element.hidden = !match;
      hostCount += match ? 1 : 0;
      userCount += users;
      if (match) visible.push(host);
    }
    for (const host of visible) host.element.open = filtered ? visible.length <= 20 || host.wasOpen : host.wasOpen;
    shown.textContent = `${hostCount} of ${hosts.length} hosts` + (filtered ? `, ${userCount} users` : "");
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  text.addEventListener("input", apply);
  state.addEventListener("change", apply);
  form.hidden = false;
  apply();
})();
