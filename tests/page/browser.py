"""Goes through the person's page in Chromium as a person does, on a phone and at a desk, in light and dark.

usage: browser.py URL NAME PASSWORD AXE [FOLDER]

On every page: the rules of axe-core (WCAG 2.2 A and AA, and best practices), nothing said to the console, nothing wider than the
screen, every stop of the keyboard visible and in the order of the page. FOLDER: where the pictures go. Prints one line a page;
ends with 1 where anything is wrong.
"""

import os
import sys
import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

URL, NAME, PASSWORD, AXE = sys.argv[1:5]
FOLDER = sys.argv[5] if len(sys.argv) > 5 else None
SIZES = {"desk": (1180, 860, False), "phone": (390, 844, True)}
faults = []


def chromium():
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--lang=fr",
                     "--disable-background-networking", "--disable-component-update", "--no-first-run"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path="/usr/bin/chromedriver"))


def look(driver, size, dark):
    width, height, mobile = SIZES[size]
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def fault(where, what):
    faults.append(f"{where}: {what}")
    print(f"FAULT {where}: {what}", flush=True)


def check(driver, where):
    driver.execute_script(open(AXE, encoding="utf-8").read())
    found = driver.execute_async_script("""
        const done = arguments[arguments.length - 1];
        axe.run(document, {resultTypes: ['violations']}).then(
            result => done(result.violations.map(one => one.id + ': ' + one.nodes.map(
                node => node.target.join(' ') + ' ' + (node.any[0]?.message ?? '')).join(' | '))),
            error => done(['axe: ' + error]));""")
    for violation in found:
        fault(where, violation)
    wide = driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        fault(where, f"{wide} pixels wider than the screen")
    for line in driver.get_log("browser"):
        if "favicon" not in line["message"]:
            fault(where, f"console: {line['message']}")


def picture(driver, where, size):
    if not FOLDER:
        return
    height = driver.execute_script("return document.documentElement.scrollHeight")
    width, least, mobile = SIZES[size]
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": max(height, least), "deviceScaleFactor": 1, "mobile": mobile})
    driver.save_screenshot(os.path.join(FOLDER, f"{where}.png"))


def page(driver, name):
    """The page that is shown now, in every size and colour."""
    for size in SIZES:
        for dark in (False, True):
            look(driver, size, dark)
            time.sleep(0.2)
            where = f"{name}-{size}-{'dark' if dark else 'light'}"
            check(driver, where)
            picture(driver, where, size)
            print(where, flush=True)
    look(driver, "desk", False)


def tab_order(driver, where):
    """Every stop is visible, and they go down the page as it is written."""
    driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    stops = []
    for _ in range(60):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        stop = driver.execute_script("""
            const all = [...document.querySelectorAll('*')], it = document.activeElement, box = it.getBoundingClientRect();
            const style = getComputedStyle(it);
            return [all.indexOf(it), it.tagName, box.width > 0 && box.left >= 0 && style.outlineStyle !== 'none',
                    it.textContent.trim().slice(0, 30)];""")
        if stop[1] in ("BODY", "HTML") or (stops and stop[0] <= stops[-1][0]):
            break
        stops.append(stop)
    if len(stops) < 2:
        fault(where, f"the keyboard stops {len(stops)} times only")
    if "skip" not in driver.execute_script("return document.querySelectorAll('*')[arguments[0]].className", stops[0][0]):
        fault(where, f"the first stop is no way past the top: {stops[0]}")
    for stop in stops:
        if not stop[2]:
            fault(where, f"a stop that cannot be seen: {stop}")


def main():
    driver = chromium()
    driver.set_page_load_timeout(30)
    driver.set_script_timeout(60)
    try:
        go(driver)
    finally:
        driver.quit()
    print(f"{len(faults)} fault(s)")
    sys.exit(1 if faults else 0)


def press(driver, css):
    driver.find_element(By.CSS_SELECTOR, css).click()


def go(driver):
    driver.get(URL + "/devices/new")
    page(driver, "sign-in")
    tab_order(driver, "sign-in")
    driver.find_element(By.ID, "name").send_keys(NAME)
    driver.find_element(By.ID, "password").send_keys("wrong")
    press(driver, "main button[type=submit]")
    # That a form was refused, the browser notes in its console.
    driver.get_log("browser")
    page(driver, "sign-in-refused")
    driver.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    time.sleep(1)
    page(driver, "pick")
    tab_order(driver, "pick")
    driver.get(URL + "/devices/new/iphone")
    page(driver, "name")
    field = driver.find_element(By.ID, "name")
    field.clear()
    field.send_keys("Téléphone de Marie")
    press(driver, "main button[type=submit]")
    time.sleep(1)
    page(driver, "made")
    tab_order(driver, "made")
    secret = driver.find_element(By.ID, "secret").get_attribute("data-text")
    assert len(secret) == 34, secret
    if secret in driver.current_url:
        fault("made", "the password stands in the address")
    for kind in ("thunderbird", "outlook"):
        driver.get(URL + "/devices/new/" + kind)
        press(driver, "main button[type=submit]")
        time.sleep(0.5)
    driver.back()
    driver.back()
    time.sleep(0.5)
    if secret in driver.page_source or driver.find_elements(By.ID, "secret"):
        fault("made", "the password is there again after going back")
    driver.get(URL + "/settings/other")
    page(driver, "settings")
    driver.get(URL + "/devices")
    page(driver, "devices")
    tab_order(driver, "devices")
    press(driver, "li.device a")
    page(driver, "revoke")
    tab_order(driver, "revoke")
    press(driver, "main button[type=submit]")
    time.sleep(0.5)
    page(driver, "revoked")
    driver.get(URL + "/rights")
    page(driver, "rights")
    driver.get(URL + "/")
    time.sleep(1)
    page(driver, "home")
    tab_order(driver, "home")
    press(driver, "form.who button")
    time.sleep(0.5)
    page(driver, "signed-out")
    driver.get(URL + "/")
    if not driver.current_url.endswith("/sign-in"):
        fault("signed-out", f"still somebody there: {driver.current_url}")


main()
