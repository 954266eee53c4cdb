"""Usage: browser.py BOOK SCREENSHOTS

Looks at every page of the book in Chromium, and prints what is wrong with it, a line each: wide and on a phone, in light and in dark.
Then it searches and copies as a reader does, and prints "done" and the number of pages. Pictures of some pages go to SCREENSHOTS.
"""

import functools
import http.server
import os
import sys
import threading
import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BOOK, SCREENSHOTS = sys.argv[1:]
SIZES = {"wide": (1280, 800, False), "phone": (390, 844, True)}
THEMES = ["light", "navy"]
# Pages of which pictures are taken, for people to look at.
PICTURES = ["index.html", "docs/guide/01-first-module.html", "docs/guide/05-proc.html", "docs/guide/13-from-c.html"]

# The background of a text is the nearest colour behind it that is not transparent. WCAG 2 asks for a contrast of 4.5 (3 for large
# text).
CONTRAST = """
const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const colour = text => (text.match(/[0-9.]+/g) ?? [0, 0, 0, 0]).map(Number);
function behind(element) {
    for (; element; element = element.parentElement) {
        const found = colour(getComputedStyle(element).backgroundColor);
        if (found.length < 4 || found[3] > 0.5) return found;
    }
    return [255, 255, 255];
}
const bad = new Set();
const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility() || element.closest('svg')) continue;
    const style = getComputedStyle(element);
    const [a, b] = [luminance(colour(style.color)), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (contrast < (large ? 3 : 4.5)) bad.add(`contrast ${contrast.toFixed(1)} of "${text.slice(0, 40)}" (${element.className || element.localName})`);
}
return [...bad].slice(0, 5);
"""

# Code and tables may be wider than the page, because they have a scroll bar of their own.
TOO_WIDE = """
for (let element = document.querySelector('main'); element; element = element.parentElement) {
    if (element.scrollWidth > element.clientWidth + 1) return `${element.scrollWidth} pixels wide in ${element.clientWidth} (${element.localName})`;
}
return null;
"""

# Who sees no colours must find the links in a text, the commands in a session, and the current page in the contents.
ONLY_COLOUR = """
const same = (a, b) => ['fontWeight', 'fontStyle', 'textDecorationLine'].every(name => getComputedStyle(a)[name] === getComputedStyle(b)[name]);
const bad = [];
for (const link of document.querySelectorAll('main a[href]:not(.header)'))
    if (!link.querySelector('img') && !getComputedStyle(link).textDecorationLine.includes('underline')) bad.push(`the link "${link.textContent}"`);
for (const line of document.querySelectorAll('main .command'))
    if (same(line, line.parentElement) && getComputedStyle(line, '::before').content === 'none') bad.push(`the command "${line.textContent.trim()}"`);
const current = document.querySelector('.sidebar a.active'), other = document.querySelector('.sidebar a[href]:not(.active, .header, .toggle)');
if (current && same(current, other)) bad.push('the current page in the contents');
return bad.slice(0, 5);
"""

LINKS = """
return [...document.querySelectorAll('a[href]')].map(link => link.href).filter(href => href.startsWith(location.origin));
"""


def wrong(page, *what):
    print(f"{page}:", *what, flush=True)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=BOOK))
threading.Thread(target=server.serve_forever, daemon=True).start()
root = f"http://127.0.0.1:{server.server_port}/"

options = webdriver.ChromeOptions()
options.binary_location = "/usr/bin/chromium"
for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]:
    options.add_argument(argument)
options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": root})
driver.set_script_timeout(60)


def wait(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return result


def window(size):
    width, height, mobile = SIZES[size]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


pages = sorted(
    os.path.relpath(os.path.join(directory, file), BOOK)
    for directory, _, files in os.walk(BOOK)
    for file in files
    if file.endswith(".html") and file not in ("404.html", "print.html", "toc.html")
)
links = set()
driver.get(root)
for theme in THEMES:
    driver.execute_script("localStorage.setItem('mdbook-theme', arguments[0])", theme)
    for size in SIZES:
        window(size)
        for page in pages:
            driver.get(root + page)
            if theme not in driver.find_element(By.TAG_NAME, "html").get_attribute("class").split():
                wrong(page, f"is not shown in {theme}")
            if too_wide := driver.execute_script(TOO_WIDE):
                wrong(page, f"{size}, {theme}:", too_wide)
            for found in driver.execute_script(CONTRAST):
                wrong(page, f"{theme}:", found)
            for found in driver.execute_script(ONLY_COLOUR):
                wrong(page, "only the colour tells", found)
            for line in driver.get_log("browser"):
                if line["level"] == "SEVERE":
                    wrong(page, "the browser says:", line["message"])
            links.update(driver.execute_script(LINKS))
            if page in PICTURES:
                driver.save_screenshot(os.path.join(SCREENSHOTS, f"{page.replace('/', '-')[:-5]}-{size}-{theme}.png"))

# Each link must lead to a page, and to a place in it.
ids = {}
for link in sorted(links):
    address, _, fragment = link.partition("#")
    path = os.path.join(BOOK, address.removeprefix(root))
    # (A directory of sources is shown as a list.)
    index = os.path.join(path, "index.html")
    path = index if os.path.exists(index) else path
    if not os.path.exists(path):
        wrong(link.removeprefix(root), "is linked to, and not there")
    elif fragment and path.endswith(".html"):
        if path not in ids:
            driver.get(address)
            ids[path] = set(driver.execute_script("return [...document.querySelectorAll('[id]')].map(element => element.id)"))
        if fragment not in ids[path]:
            wrong(link.removeprefix(root), "is linked to, and has no such place")

# Search.
window("wide")
driver.get(root)
driver.find_element(By.TAG_NAME, "body").send_keys("s")
bar = driver.find_element(By.ID, "searchbar")
if not wait(bar.is_displayed):
    wrong("search", "the key s does not open it")
bar.send_keys("jiffies")
if not wait(lambda: driver.find_elements(By.CSS_SELECTOR, "#searchresults a")):
    wrong("search", "jiffies is found nowhere")
else:
    bar.send_keys(Keys.ENTER)
    results = driver.find_elements(By.CSS_SELECTOR, "#searchresults a")
    target = results[0].get_attribute("href")
    driver.get(target)
    if "jiffies" not in driver.find_element(By.TAG_NAME, "main").text:
        wrong("search", f"{target} does not have what was searched")

# Copying with the button, and by selecting text.
driver.get(root + "docs/guide/05-proc.html")
block = driver.find_element(By.CSS_SELECTOR, "pre:has(> code.language-console)")
shown = driver.execute_script("return [...arguments[0].querySelectorAll('.command')].map(line => getComputedStyle(line, '::before').content)", block)
if set(shown) != {'"# "'}:
    wrong("copying", f"the prompts that are drawn: {shown}")
driver.execute_script("arguments[0].querySelector('.clip-button').click()", block)
time.sleep(0.5)
copied = driver.execute_async_script("const end = arguments[0]; navigator.clipboard.readText().then(end, error => end(String(error)))")
if not copied.startswith("insmod proc_hello.ko\ncat /proc/hello\n"):
    wrong("copying", f"the button copies: {copied!r}")
selected = driver.execute_script("getSelection().selectAllChildren(arguments[0].querySelector('code')); return getSelection().toString()", block)
if not selected.startswith("insmod proc_hello.ko\ncat /proc/hello\nHello World\n"):
    wrong("copying", f"a selection has: {selected!r}")

# The key for the next page.
driver.find_element(By.TAG_NAME, "body").send_keys(Keys.ARROW_RIGHT)
if not wait(lambda: driver.current_url.endswith("06-time.html")):
    wrong("keys", f"the right arrow leads to {driver.current_url}")

driver.quit()
print("done", len(pages))
