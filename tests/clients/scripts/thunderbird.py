#!/usr/bin/env python3
"""A school day with Thunderbird itself, without a screen: it is driven through Marionette, its own remote control.

thunderbird.py HOST IMAP_PORT SMTP_PORT SECURITY CERTIFICATE SENDER RECEIVER HIDDEN PASSWORD DOMAIN STORY HTTP_PORT HTTPS_PORT
SECURITY: plain, starttls or tls. STORY: letter (send, hear, read, mark, delete, restore, file, search), writing (Bcc, drafts,
a refusal, a large attachment, automatic set-up, which needs tls), computers (two at once, a mailbox offline) or
account (from an address and a password alone: servers, address books, a group by its first letters; needs tls).
Ends with status 0 where all held, else shows the first thing that did not.

What a person does is in `thunderbird.js`; the story is told here.
"""

import base64
import email.utils
import hashlib
import imaplib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

host, imap_port, smtp_port, security, certificate, sender, receiver, hidden, password, domain, story, http_port, https_port = sys.argv[1:]
ACTIONS = pathlib.Path(__file__).with_name("thunderbird.js").read_text(encoding="utf-8")
OFFLINE = 300
LARGE = 3 * 1024 * 1024


def check(what, held, *shown):
    if not held:
        print(f"Thunderbird over {security}: does not hold: {what}", *map(repr, shown), file=sys.stderr)
        sys.exit(1)


class Marionette:
    """Firefox's remote protocol: JSON in arrays, each after its length and a colon."""

    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=220).makefile("rwb")
        self.last = 0
        self.receive()
        self.call("WebDriver:NewSession", {})
        self.call("WebDriver:SetTimeouts", {"script": 200_000})
        self.call("Marionette:SetContext", {"value": "chrome"})

    def receive(self):
        size = b""
        while not size.endswith(b":"):
            octet = self.stream.read(1)
            check("Thunderbird runs", octet)
            size += octet
        return json.loads(self.stream.read(int(size[:-1])))

    def call(self, name, arguments):
        self.last += 1
        text = json.dumps([0, self.last, name, arguments]).encode()
        self.stream.write(b"%d:%s" % (len(text), text))
        self.stream.flush()
        _, _, error, result = self.receive()
        check(name, not error, arguments.get("args"), error)
        return result


class Thunderbird:
    """One Thunderbird on one computer, with a profile of its own, set up for one person."""

    def __init__(self, person, is_set_up=True):
        self.address = f"{person}@{domain}"
        self.is_set_up = is_set_up
        self.profile = pathlib.Path(tempfile.mkdtemp(prefix="thunderbird."))
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in self.settings().items()]
        (self.profile / "user.js").write_text("".join(lines), encoding="utf-8")
        self.process = subprocess.Popen(
            ["thunderbird", "--headless", "--marionette", "-remote-allow-system-access", "--no-remote", "--profile",
             self.profile],
            env=dict(os.environ, HOME=str(self.profile), LANG="C.UTF-8"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def settings(self):
        return {**(self.account() if self.is_set_up else {}), **self.surroundings()}

    def account(self):
        socket_type = {"plain": 0, "starttls": 2, "tls": 3}[security]
        server = {
            "type": "imap", "hostname": host, "port": int(imap_port), "userName": self.address, "name": self.address,
            "socketType": socket_type, "authMethod": 3, "login_at_startup": False, "check_new_mail": False,
        }
        local = {"type": "none", "hostname": "Local Folders", "userName": "nobody", "name": "Local Folders"}
        identity = {"fullName": "Zoé Élève", "useremail": self.address, "smtpServer": "smtp1", "valid": True}
        smtp = {"hostname": host, "port": int(smtp_port), "username": self.address, "authMethod": 3,
                "try_ssl": socket_type}
        return {
            **{f"mail.server.server1.{name}": value for name, value in server.items()},
            **{f"mail.server.server2.{name}": value for name, value in local.items()},
            **{f"mail.identity.id1.{name}": value for name, value in identity.items()},
            **{f"mail.smtpserver.smtp1.{name}": value for name, value in smtp.items()},
            "mail.accountmanager.accounts": "account1,account2", "mail.accountmanager.defaultaccount": "account1",
            "mail.account.account1.identities": "id1", "mail.account.account1.server": "server1",
            "mail.account.account2.server": "server2", "mail.accountmanager.localfoldersserver": "server2",
            "mail.smtpservers": "smtp1", "mail.smtp.defaultserver": "smtp1",
        }

    def surroundings(self):
        return {
            "marionette.port": 0,  # any; Thunderbird writes which
            # Nothing that asks, calls home or works on its own.
            "app.donation.eoy.version.viewed": 999, "app.update.enabled": False,
            "datareporting.policy.dataSubmissionEnabled": False, "mail.compose.attachment_reminder": False,
            "mail.provider.suppress_dialog_on_startup": True, "mail.rights.version": 1,
            "mail.shell.checkDefaultClient": False, "mail.spotlight.firstRunDone": True,
            "mail.winsearch.firstRunDone": True, "mailnews.database.global.indexer.enabled": False,
            "mailnews.start_page.enabled": False, "toolkit.telemetry.enabled": False,
            "network.manage-offline-status": False, "offline.autoDetect": False,
            "network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9,
            "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": 9,
            "network.proxy.no_proxies_on": f"{host},{domain},.{domain}", "services.settings.server": "data:,",
            "dom.timeout.enable_budget_timer_throttling": False, "dom.min_background_timeout_value": 4,
            # The school's names are on this computer, and its web server on another port.
            "network.dns.localDomains": f"autoconfig.{domain},{domain}",
            "network.socket.forcePort": f"80={http_port};443={https_port}",
        }

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        file = self.profile / "MarionetteActivePort"
        deadline = time.monotonic() + 120
        while not (file.exists() and file.read_text().strip()):
            check("Thunderbird starts", self.process.poll() is None and time.monotonic() < deadline)
            time.sleep(0.05)
        self.remote = Marionette(int(file.read_text()))
        text = pathlib.Path(certificate).read_text(encoding="ascii")
        self.does("trust", host=host, ports=[int(imap_port), int(smtp_port), 443],
                  certificate=base64.b64encode(ssl.PEM_cert_to_DER_cert(text)).decode())
        if self.is_set_up:
            self.mailboxes = self.does("signIn", host=host, user=self.address, password=password)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def does(self, action, **what):
        """Runs one function of `thunderbird.js`; what it returns."""
        script = f"""const [action, what, done] = arguments; (async () => {{ {ACTIONS}
            return T[action](what) }})().then(held => done({{ held }}), error => done({{ error: String(error) }}));"""
        answer = self.remote.call("WebDriver:ExecuteAsyncScript", {
            "script": script, "args": [action, what], "newSandbox": True, "sandbox": "system"})["value"]
        check(f"{action} {what.get('subject', '')}", "error" not in answer, answer.get("error"))
        return answer.get("held")


def imap(person):
    """Another client, to see what the server has."""
    context = ssl.create_default_context(cafile=certificate)
    if security == "tls":
        client = imaplib.IMAP4_SSL(host, int(imap_port), ssl_context=context, timeout=30)
    else:
        client = imaplib.IMAP4(host, int(imap_port), timeout=30)
    if security == "starttls":
        client.starttls(context)
    # Its literals go out in two writes: without this the second waits for the answer to the first, 40 ms each time.
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.login(f"{person}@{domain}", password)
    return client


def raw(person, mailbox, subject):
    """The octets of each message with that subject."""
    client = imap(person)
    client.select(mailbox, readonly=True)
    uids = client.uid("SEARCH", "SUBJECT", f'"{subject}"')[1][0].split()
    found = [client.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1] for uid in uids]
    client.logout()
    return found


def a_letter_to_oneself(computer):
    subject = "Réunion de rentrée élève"
    letter = {"name": "INBOX", "subject": subject}
    check("the special mailboxes are known", {"INBOX", "Drafts", "Sent", "Trash"} <= set(computer.mailboxes),
          computer.mailboxes)
    computer.does("send", to=computer.address, subject=subject, body="<p>Bonjour à tous, œuvre d'élève</p>")
    computer.does("hears", **letter)
    computer.does("holds", name="Sent", subject=subject)
    check("its text is what was written", "Bonjour à tous, œuvre d'élève" in computer.does("read", **letter))
    computer.does("mark", **letter, read=True, starred=True)
    computer.does("bin", **letter)
    computer.does("holds", name="Trash", subject=subject)
    computer.does("holds", **letter, count=0)
    computer.does("move", **{"from": "Trash"}, to="INBOX", subject=subject)
    computer.does("holds", **letter)
    flags = computer.does("flags", **letter)
    check("it came back as it went", flags == {"isRead": True, "isFlagged": True}, flags)
    computer.does("create", name="Élèves & parents")
    computer.does("move", **{"from": "INBOX"}, to="Élèves & parents", subject=subject)
    computer.does("holds", name="Élèves & parents", subject=subject)
    hits = computer.does("search", name="Sent", subject="rentree ELEVE")
    check("the server's search is blind to accents and case", hits == 1, hits)


def a_hidden_recipient(computer):
    subject = "Copie cachee"
    other, third = f"{receiver}@{domain}", f"{hidden}@{domain}"
    computer.does("send", to=other, bcc=third, subject=subject, body="<p>Entre nous</p>")
    for person in (receiver, hidden):
        messages = raw(person, "INBOX", subject)
        check(f"{person} has it once", len(messages) == 1, messages)
        check(f"{person} does not see who is hidden", third.encode() not in messages[0], messages[0])
    computer.does("holds", name="Sent", subject=subject)
    check("Sent holds one copy", len(raw(sender, "Sent", subject)) == 1)
    seen = computer.does("recipients", name="Sent", subject=subject)
    check("the sender sees who is hidden", third in seen["bccList"] and other in seen["recipients"], seen)


def drafts(computer):
    subject = "Brouillon du conseil"
    computer.does("draftTwiceThenSend", to=f"{receiver}@{domain}", subject=subject, body="<p>Ordre du jour</p>")
    messages = raw(receiver, "INBOX", subject)
    check("the receiver has the last version", len(messages) == 1 and b"seconde version" in messages[0], messages)
    check("no draft is left", not raw(sender, "Drafts", subject))
    check("not even in Trash", not raw(sender, "Trash", subject))


def a_refusal(computer):
    stranger = f"nobody.at.all@{domain}"
    told = computer.does("sendInVain", to=stranger, subject="Non", body="<p>Non</p>")
    check("Thunderbird shows the server's sentence", f"personne n'a l'adresse {stranger} dans l'ENT.\n" in told, told)
    check("nothing lies in Sent", not raw(sender, "Sent", "Non"))


def a_large_attachment(computer):
    subject = "Le plan"
    octets = random.Random(2026).randbytes(LARGE)
    file = computer.profile / "plan de l'école.bin"
    file.write_bytes(octets)
    computer.does("send", to=computer.address, subject=subject, body="<p>Voici</p>", file=str(file))
    computer.does("hears", name="INBOX", subject=subject)
    got = computer.does("attachment", name="INBOX", subject=subject)
    digest = hashlib.sha256(base64.b64decode(got["base64"])).digest()
    check("the attachment has its name", got["name"] == file.name, got["name"])
    check("and its octets", digest == hashlib.sha256(octets).digest(), len(got["base64"]))


def two_computers(first, second):
    subject = "Deux ordinateurs"
    letter = {"name": "INBOX", "subject": subject}
    first.does("send", to=first.address, subject=subject, body="<p>Ici et là</p>")
    for computer in (first, second):
        computer.does("hears", **letter)
    first.does("mark", **letter, read=True, starred=True)
    second.does("isMarked", **letter, read=True, starred=True)
    second.does("mark", **letter, read=False, starred=False)
    first.does("isMarked", **letter, read=False, starred=False)
    first.does("bin", **letter)
    second.does("hears", **letter, count=0)
    second.does("holds", name="Trash", subject=subject)


def a_mailbox_offline(computer):
    client = imap(sender)
    client.create("Archives")
    for number in range(OFFLINE):
        message = (f"From: {sender}@{domain}\r\nDate: {email.utils.formatdate(1_790_000_000 + 60 * number)}\r\n"
                   f"Subject: Archive {number}\r\n\r\n" + f"Ligne {number}.\r\n" * (number + 1))
        check("the message is kept", client.append("Archives", "\\Seen", None, message.encode())[0] == "OK")
    client.logout()
    got = computer.does("offline", name="Archives", subject="Archive 299")
    check("all messages are on this computer", got["all"] == got["here"] == OFFLINE, got["all"], got["here"])
    check("and can be read there", got["text"].count("Ligne 299.") == 300, got["text"][:200])


def automatic_set_up(computer):
    found = computer.does("autoconfig", address=computer.address)
    for way, kind in (("incoming", "imap"), ("outgoing", "smtp")):
        check(f"the {way} server is found", found[way]["type"] == kind and found[way]["hostname"] == host, found)
        check("it is TLS with a password", found[way]["socketType"] == 3 and found[way]["auth"] == 3, found)
        check("the user name is the address", "%EMAILADDRESS%" in found[way]["username"], found)
    check("its port is IMAP over TLS", str(found["incoming"]["port"]) == imap_port, found)
    check("its port is submission over TLS", str(found["outgoing"]["port"]) == smtp_port, found)


def an_account_from_an_address(computer):
    found = computer.does("setUp", address=computer.address, password=password, name="Nadia Roussel", domains=[domain, host])
    check("Thunderbird is set up", found["incoming"] == [host, int(imap_port)], found)
    check("and sends through the school", found["outgoing"] == [host, int(smtp_port)], found)
    check("mailboxes are there", found["mailboxes"] == ["INBOX", "Drafts", "Sent", "Trash"], found)
    books = computer.does("addressBooks", address=computer.address, password=password, hosts=[host, domain])
    check("address books are found, read-only", books and all(book["readOnly"] for book in books), books)
    check("and hold cards", any(book["cards"] for book in books), books)
    completed = computer.does("complete", typed="parents du groupe term")
    check("a group is found by the first letters of its words",
          any("Parents du groupe Terminale A <" in line for line in completed), completed)
    completed = computer.does("complete", typed="lamb")
    check("so is a person", any("lambert" in line.lower() for line in completed), completed)


def letter(computer):
    a_letter_to_oneself(computer)


def writing(computer):
    a_hidden_recipient(computer)
    drafts(computer)
    a_refusal(computer)
    a_large_attachment(computer)
    automatic_set_up(computer)


def computers(first):
    with Thunderbird(sender) as second:
        two_computers(first, second)
        a_mailbox_offline(second)


# Told to end, it ends the Thunderbirds that it started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
with Thunderbird(sender, is_set_up=story != "account") as thunderbird:
    stories = {"letter": letter, "writing": writing, "computers": computers, "account": an_account_from_an_address}
    stories[story](thunderbird)
print(f"Thunderbird over {security}: {story}: all held")
