"""A page in headless Chromium, at a width, with what it says of itself: a page around it looks into it."""

import html
import json
import shutil
import subprocess

import pytest

# What a browser does at its start is of no use here, and would ask the network.
OPTIONS = ["--headless", "--no-sandbox", "--dump-dom", "--virtual-time-budget=5000", "--no-first-run"]
OPTIONS += [f"--disable-{what}" for what in ("gpu", "quic", "sync", "dev-shm-usage", "background-networking")]
OPTIONS += ["--disable-component-update"]

LOOK = """
const found = {errors: []};
window.addEventListener("error", e => found.errors.push(String(e.message)));
const frame = document.getElementById("page");
frame.addEventListener("load", () => {
  const page = frame.contentDocument, root = page.documentElement;
  found.title = page.title;
  found.width = root.clientWidth;
  found.scroll = root.scrollWidth;
  found.beyond = [...page.body.querySelectorAll("*")]
    .filter(e => !e.closest(".wide") && e.getBoundingClientRect().right > root.clientWidth + 1)
    .map(e => e.tagName + " " + e.textContent.slice(0, 40));
  const selection = frame.contentWindow.getSelection();
  selection.selectAllChildren(page.body);
  found.selected = selection.toString();
  found.texts = [...page.querySelectorAll("svg text")].map(e => e.textContent);
  found.covered = [...page.querySelectorAll("svg")].flatMap(svg => {
    const boxes = [...svg.querySelectorAll("text")].map(e => [e.getBoundingClientRect(), e.textContent]);
    return boxes.flatMap(([a, one], i) => boxes.slice(i + 1)
      .filter(([b]) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
      .map(([, other]) => one + " | " + other));
  });
  found.colour = frame.contentWindow.getComputedStyle(page.body).backgroundColor;
  document.getElementById("found").textContent = JSON.stringify(found);
});
"""


def looked_at(page, folder, *, width, dark=False):
    """Return what the page shows at so many pixels: its errors, what is beyond its edge, what can be selected."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here")
    around = folder / "around.html"
    script = f"{LOOK}frame.srcdoc = " + json.dumps(page).replace("</", r"<\/") + ";"
    around.write_text(
        '<!DOCTYPE html><meta charset="utf-8"><pre id="found"></pre>'
        f'<iframe id="page" style="border:0;width:{width}px;height:20000px"></iframe><script>{script}</script>',
        encoding="utf-8",
    )
    colours = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    command = [chromium, *OPTIONS, colours, f"--user-data-dir={folder / 'profile'}", around.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    _, _, found = dom.partition('<pre id="found">')
    return json.loads(html.unescape(found.partition("</pre>")[0]))
