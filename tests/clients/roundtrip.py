#!/usr/bin/env python3
"""A school day with Python's own mail library: send, hear, read, file, delete, restore, be refused.

roundtrip.py HOST IMAP_PORT SMTP_PORT SECURITY CA SENDER RECEIVER HIDDEN PASSWORD DOMAIN
SECURITY: plain, starttls or tls. Ends with status 0 where all held, else shows the first thing that did not.
"""

import base64
import email.policy
import imaplib
import re
import smtplib
import ssl
import sys
import threading
from email.message import EmailMessage

host, imap_port, smtp_port, security, ca, sender, receiver, hidden, password, domain = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
imaplib._MAXLINE = 10_000_000  # its default refuses long lines that are perfectly legal


def check(what, held, *shown):
    if not held:
        print(f"roundtrip over {security}: does not hold: {what}", *map(repr, shown), file=sys.stderr)
        sys.exit(1)


def imap(user):
    if security == "tls":
        client = imaplib.IMAP4_SSL(host, int(imap_port), ssl_context=context, timeout=30)
    else:
        client = imaplib.IMAP4(host, int(imap_port), timeout=30)
    if security == "starttls":
        client.starttls(context)
    client.login(f"{user}@{domain}", password)
    return client


def smtp(user):
    if security == "tls":
        client = smtplib.SMTP_SSL(host, int(smtp_port), context=context, timeout=30)
    else:
        client = smtplib.SMTP(host, int(smtp_port), timeout=30)
    if security == "starttls":
        client.starttls(context=context)
    client.login(f"{user}@{domain}", password)
    return client


def ok(answer):
    check("the command is answered OK", answer[0] == "OK", answer)
    return answer[1]


def uids(client, *criteria):
    return ok(client.uid("SEARCH", *criteria))[0].split()


def fetch_one(client, uid, items):
    return ok(client.uid("FETCH", uid, items))


def whole(client, uid):
    for part in fetch_one(client, uid, "(RFC822.SIZE BODY.PEEK[])"):
        if isinstance(part, tuple):
            size = int(re.search(rb"RFC822.SIZE (\d+)", part[0]).group(1))
            check("RFC822.SIZE is what BODY[] gives", size == len(part[1]), size, len(part[1]))
            return part[1]
    check("FETCH gives the message", False, uid)


def flags(client, uid):
    return imaplib.ParseFlags(fetch_one(client, uid, "(FLAGS)")[0])


def message(subject):
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = f"{sender}@{domain}"
    mail["To"] = f"{receiver}@{domain}"
    mail["Bcc"] = f"{hidden}@{domain}"
    mail["Subject"] = subject
    mail["Date"] = "Mon, 23 Nov 2026 08:30:00 +0100"
    mail["Message-ID"] = f"<{security}.{sender}@client.test>"
    mail.set_content("Bonjour,\n\nles élèves de 3e B partent à 8 h 15.\n.\nUne ligne d'un point la précède.\n")
    mail.add_alternative("<p>Les élèves <img src='cid:plan'></p>", subtype="html")
    mail.get_payload()[1].add_related(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "image", "png", cid="<plan>")
    mail.add_attachment(b"%PDF-1.4\n" + bytes(range(256)) * 40, "application", "pdf", filename="Autorisation été.pdf")
    return mail


def hear_exists(client, heard, ready):
    """IDLE by hand: Python's library has it only in its newest versions."""
    tag = client._new_tag()
    client.send(tag + b" IDLE\r\n")
    check("IDLE is answered by +", client.readline().startswith(b"+"))
    ready.set()
    while not heard.is_set():
        line = client.readline()
        check("the line stays open in IDLE", line)
        if line.endswith(b" EXISTS\r\n"):
            heard.set()
    client.send(b"DONE\r\n")
    while not client.readline().startswith(tag + b" OK"):
        pass


def a_letter_goes_out():
    reader = imap(receiver)
    ok(reader.select("INBOX"))
    before = uids(reader, "ALL")
    heard, ready = threading.Event(), threading.Event()
    listener = threading.Thread(target=hear_exists, args=(reader, heard, ready), daemon=True)
    listener.start()
    check("IDLE begins within ten seconds", ready.wait(10))

    mail = message(f"Sortie à l'aquarium ({security})")
    client = smtp(sender)
    recipients = [f"{receiver}@{domain}", f"{hidden}@{domain}"]
    refused = client.sendmail(f"{sender}@{domain}", recipients, mail.as_bytes(), ["BODY=8BITMIME"])
    check("nobody is refused", refused == {}, refused)
    client.quit()

    listener.join(10)
    check("EXISTS comes during IDLE", heard.is_set() and not listener.is_alive())
    new = [uid for uid in uids(reader, "ALL") if uid not in before]
    check("one message has come", len(new) == 1, new)
    return mail, reader, new[0]


def it_is_what_was_sent(mail, reader, uid):
    sent = mail.as_bytes().replace(f"Bcc: {hidden}@{domain}\r\n".encode(), b"")
    got = whole(reader, uid)
    check("nothing is altered but Bcc", got == sent, got, sent)
    check("a reader sees no Bcc", hidden.encode() not in got)
    check("a peek leaves it unread", "\\Seen" not in str(flags(reader, uid)))
    fetch_one(reader, uid, "(BODY[])")
    check("reading makes it read", b"\\Seen" in flags(reader, uid))
    structure = str(fetch_one(reader, uid, "(BODYSTRUCTURE)"))
    check("the structure has the attachment", "pdf" in structure.lower() and "attachment" in structure.lower())
    pdf = fetch_one(reader, uid, "(BODY.PEEK[2])")[0][1]
    check("an attachment comes back whole", base64.b64decode(pdf).startswith(b"%PDF-1.4\n"), pdf[:40])

    other = imap(hidden)
    ok(other.select("INBOX", readonly=True))
    found = uids(other, "HEADER", "Message-ID", mail["Message-ID"])
    check("the person in Bcc has it too", len(found) == 1, found)
    check("and sees no Bcc", hidden.encode() not in whole(other, found[0]))
    other.logout()


def sent_holds_it_once(mail):
    client = imap(sender)
    ok(client.select("Sent"))
    found = uids(client, "HEADER", "Message-ID", mail["Message-ID"])
    check("the sender has one copy", len(found) == 1, found)
    check("which keeps Bcc", hidden.encode() in whole(client, found[0]))
    answer = ok(client.append("Sent", "\\Seen", None, mail.as_bytes()))[0]
    check("APPEND to Sent gives the copy that is there", found[0] in answer.split()[2].rstrip(b"]").split(), answer)
    check("and Sent still holds one", uids(client, "HEADER", "Message-ID", mail["Message-ID"]) == found)
    client.logout()


def copied_uid(answer):
    """The target UID of COPYUID, which imaplib keeps among untagged responses or in the text."""
    return re.search(rb"COPYUID \d+ \S+ (\d+)", answer).group(1)


def move(client, uid, mailbox):
    client.untagged_responses.clear()
    ok(client.uid("MOVE", uid, mailbox))
    return copied_uid(b"COPYUID " + client.untagged_responses["COPYUID"][0])


def file_delete_restore(reader, uid):
    name = '"&AMk-l&AOg-ves/3e B"'  # Élèves/3e B
    reader.create(name)
    original = whole(reader, uid)
    ok(reader.uid("STORE", uid, "+FLAGS", "(\\Flagged $Forwarded)"))
    filed = move(reader, uid, name)
    check("MOVE leaves INBOX without it", uid not in uids(reader, "ALL"))
    ok(reader.select(name))
    check("its octets are the same", whole(reader, filed) == original)
    kept = flags(reader, filed)
    check("flags went with it", b"\\Flagged" in kept and b"$Forwarded" in kept, kept)
    check("search is blind to accents and case", filed in uids(reader, "CHARSET", "UTF-8", "TEXT", "ELEVES"))

    binned = move(reader, filed, "Trash")
    ok(reader.select("Trash"))
    check("delete: it lies in Trash", whole(reader, binned) == original)
    back = move(reader, binned, name)
    ok(reader.select(name))
    check("restore: it is back", whole(reader, back) == original)

    ok(reader.uid("STORE", back, "+FLAGS", "(\\Deleted)"))
    ok(reader.uid("EXPUNGE", back))
    check("expunged from its mailbox", back not in uids(reader, "ALL"))
    ok(reader.select("Trash"))
    last = uids(reader, "ALL")
    check("an expunge outside Trash is no loss", any(whole(reader, uid) == original for uid in last))
    for uid in last:
        ok(reader.uid("STORE", uid, "+FLAGS", "(\\Deleted)"))
    ok(reader.expunge())
    check("an expunge in Trash is for good", uids(reader, "ALL") == [])


def drafts_come_and_go(client):
    ok(client.select("Drafts"))
    client.untagged_responses.clear()
    first = ok(client.append("Drafts", "\\Draft", None, b"Subject: brouillon\r\n\r\nun\r\n"))[0]
    second = ok(client.append("Drafts", "\\Draft", None, b"Subject: brouillon\r\n\r\ndeux\r\n"))[0]
    old, new = (re.search(rb"APPENDUID \d+ (\d+)", answer).group(1) for answer in (first, second))
    ok(client.uid("STORE", old, "+FLAGS", "(\\Seen \\Deleted)"))
    ok(client.uid("EXPUNGE", old))
    check("the new draft is there, the old one is not", old not in uids(client, "ALL") and new in uids(client, "ALL"))


def what_is_refused():
    client = smtp(sender)
    own = f"{sender}@{domain}"
    for address, code in (("someone@example.org", b"5.7.1"), (f"nobody.at.all@{domain}", b"5.1.1")):
        try:
            client.sendmail(own, [address], b"From: %s\r\n\r\nnon\r\n" % own.encode())
            check(f"{address} is refused", False)
        except smtplib.SMTPRecipientsRefused as refusal:
            number, text = refusal.recipients[address]
            check(f"{address} is refused by name", number == 550 and code in text and address.encode() in text, text)
        client.rset()
    for wrong in (f"From: {receiver}@{domain}", f"From: {own}, {receiver}@{domain}", "X-No: From"):
        try:
            client.sendmail(own, [f"{receiver}@{domain}"], f"{wrong}\r\n\r\nnon\r\n".encode())
            check(f"`{wrong}` is refused", False)
        except smtplib.SMTPDataError as refusal:
            check(f"`{wrong}` is refused for good", 500 <= refusal.smtp_code < 600, refusal)
        client.rset()
    client.quit()
    try:
        client = imaplib.IMAP4_SSL(host, int(imap_port), ssl_context=context) if security == "tls" else imaplib.IMAP4(
            host, int(imap_port))
        if security == "starttls":
            client.starttls(context)
        client.login(f"{sender}@{domain}", "wrong")
        check("a wrong password is refused", False)
    except imaplib.IMAP4.error as refusal:
        check("a wrong password is said to be one", "AUTHENTICATIONFAILED" in str(refusal), refusal)


mail, reader, uid = a_letter_goes_out()
it_is_what_was_sent(mail, reader, uid)
sent_holds_it_once(mail)
file_delete_restore(reader, uid)
drafts_come_and_go(reader)
reader.logout()
what_is_refused()
print(f"roundtrip over {security}: all held")
