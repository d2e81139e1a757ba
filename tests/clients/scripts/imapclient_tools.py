#!/usr/bin/env python3
"""A school day with IMAPClient and imap-tools, the libraries that most Python mail programs stand on.

imapclient_tools.py HOST IMAP_PORT SMTP_PORT SECURITY CERTIFICATE SENDER RECEIVER HIDDEN PASSWORD DOMAIN
SECURITY: plain, starttls or tls. Ends with status 0 where all held, else shows the first thing that did not.
"""

import datetime
import ssl
import sys

import imap_tools
import imapclient

host, imap_port, _, security, certificate, sender, receiver, _, password, domain = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
LETTER = (f"From: {sender}@{domain}\r\nTo: {receiver}@{domain}\r\nSubject: =?utf-8?q?R=C3=A9union_d=27=C3=A9t=C3=A9?=\r\n"
          "Date: Mon, 2 Sep 2024 09:30:00 +0200\r\nMessage-ID: <%s@imapclient.test>\r\nMIME-Version: 1.0\r\n"
          "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nÀ l'école, %s.\r\n")
DATE = datetime.datetime(2024, 9, 2, 9, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))


def check(what, held, *shown):
    if not held:
        print(f"IMAPClient over {security}: does not hold: {what}", *map(repr, shown), file=sys.stderr)
        sys.exit(1)


def connect(person, authenticate=False):
    tls = security == "tls"
    client = imapclient.IMAPClient(host, int(imap_port), ssl=tls, ssl_context=context if tls else None, timeout=30)
    client.normalise_times = False
    if security == "starttls":
        client.starttls(context)
    if authenticate:
        client.plain_login(f"{person}@{domain}", password)
    else:
        client.login(f"{person}@{domain}", password)
    return client


def what_is_there(client):
    for name in ("IMAP4REV1", "IDLE", "MOVE", "UIDPLUS", "SPECIAL-USE", "ID", "QUOTA", "CONDSTORE"):
        check(f"it offers {name}", client.has_capability(name), client.capabilities())
    check("it says who it is", b"Passerelle" in client.id_({"name": "essai"})[0])
    check("one namespace, parts by slashes", client.namespace().personal == (("", "/"),), client.namespace())
    for use, name in ((b"\\Sent", "Sent"), (b"\\Drafts", "Drafts"), (b"\\Trash", "Trash")):
        check(f"{name} is found by its use", client.find_special_folder(use) == name, client.list_folders())
    quota = client.get_quota()[0]
    check("there is room", quota.resource == "STORAGE" and quota.usage < quota.limit, quota)


def filled(client, mailbox, count):
    """APPENDs messages with flags and a date; their UIDs."""
    answers = [client.append(mailbox, (LETTER % (f"{mailbox}.{number}", number)).encode(), [imapclient.SEEN, b"$Classe"], DATE)
               for number in range(count)]
    return [int(answer.split(b"APPENDUID ")[1].split(b"]")[0].split()[1]) for answer in answers]


def messages_are_as_they_were(client):
    client.create_folder("Élèves")
    uids = filled(client, "Élèves", 5)
    told = client.select_folder("Élèves")
    check("SELECT counts them", told[b"EXISTS"] == 5 and told[b"UIDNEXT"] == uids[-1] + 1, told)
    check("keywords may be made up", rb"\*" in told[b"PERMANENTFLAGS"], told)
    got = client.fetch(uids, ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE", "BODY[]", "BODY[TEXT]"])
    check("each is there", sorted(got) == uids, got)
    for number, uid in enumerate(uids):
        message, octets = got[uid], (LETTER % (f"Élèves.{number}", number)).encode()
        check("its octets", message[b"BODY[]"] == octets and message[b"RFC822.SIZE"] == len(octets), message)
        check("its text", message[b"BODY[TEXT]"] == octets.split(b"\r\n\r\n", 1)[1], message)
        check("its date", message[b"INTERNALDATE"] == DATE, message)
        check("its flags", set(message[b"FLAGS"]) - {b"\\Recent"} == {b"\\Seen", b"$Classe"}, message)
        envelope = message[b"ENVELOPE"]
        check("its envelope", envelope.subject == b"=?utf-8?q?R=C3=A9union_d=27=C3=A9t=C3=A9?="
              and envelope.from_[0].mailbox == sender.encode() and envelope.date == DATE, envelope)
        check("its structure", message[b"BODYSTRUCTURE"][:2] == (b"text", b"plain"), message[b"BODYSTRUCTURE"])
    return uids


def searches(client, uids):
    for criteria, found in (
        (["SUBJECT", "REUNION"], uids), (["BODY", "école, 3"], uids[3:4]), (["NOT", ["TEXT", "ecole"]], []),
        (["KEYWORD", "$Classe", "SEEN"], uids), (["UNSEEN"], []), (["ON", datetime.date(2024, 9, 2)], uids),
        (["SENTBEFORE", datetime.date(2024, 9, 2)], []), (["OR", ["UID", uids[0]], ["UID", uids[4]]], [uids[0], uids[4]]),
        (["HEADER", "Message-ID", "<lves"], []), (["LARGER", 10, "SMALLER", 100_000], uids), ([["ALL"]], uids),
        (["UID", f"{uids[2]}:*"], uids[2:]), (["UID", f"{uids[4] + 10}:*"], uids[4:]),
    ):
        got = client.search(criteria, charset="UTF-8")
        check(f"the search {criteria}", sorted(got) == found, got, found)


def flags_and_deletion(client, uids):
    changed = client.add_flags(uids, [imapclient.FLAGGED])
    check("a STORE tells the flags", all(b"\\Flagged" in changed[uid] for uid in uids), changed)
    changed = client.set_flags(uids[:2], [b"$Lu"])
    check("FLAGS replaces", all(set(changed[uid]) - {b"\\Recent"} == {b"$Lu"} for uid in uids[:2]), changed)
    check("silence is kept", client.remove_flags(uids, [imapclient.FLAGGED], silent=True) is None)
    check("the flag is gone", client.search(["FLAGGED"]) == [])
    client.copy(uids[:2], "INBOX")
    client.move(uids[2:4], "Trash")
    check("what was moved left", client.search() == [uids[0], uids[1], uids[4]])
    client.delete_messages(uids[:1])
    client.uid_expunge(uids[1:2])
    check("UID EXPUNGE spares the others", client.search(["DELETED"]) == uids[:1])
    client.expunge()
    check("EXPUNGE does not", client.search() == [uids[1], uids[4]])
    counts = {name: client.folder_status(name, ["MESSAGES"])[b"MESSAGES"] for name in ("INBOX", "Trash", "Élèves")}
    check("everything is somewhere", counts == {"INBOX": 2, "Trash": 3, "Élèves": 2}, counts)


def another_is_heard(client):
    client.select_folder("INBOX")
    client.idle()
    other = connect(receiver, authenticate=True)
    uid = filled(other, "INBOX", 1)[0]
    heard = []
    while not any(b"EXISTS" in answer for answer in heard):
        answers = client.idle_check(30)
        check("IDLE tells", answers)
        heard += answers
    other.select_folder("INBOX")
    other.delete_messages([uid])
    other.expunge([uid])
    while not any(b"EXPUNGE" in answer for answer in heard):
        answers = client.idle_check(30)
        check("IDLE tells", answers, heard)
        heard += answers
    client.idle_done()
    check("both see the same", client.search() == other.search())
    other.logout()


def imap_tools_agrees():
    kinds = {"plain": imap_tools.MailBoxUnencrypted, "starttls": imap_tools.MailBoxStartTls, "tls": imap_tools.MailBox}
    extra = {} if security == "plain" else {"ssl_context": context}
    with kinds[security](host, int(imap_port), timeout=30, **extra).login(f"{receiver}@{domain}", password) as mailbox:
        names = {found.name: found.flags for found in mailbox.folder.list()}
        check("imap-tools decodes names", {"INBOX", "Élèves", "Trash"} <= set(names), names)
        mailbox.folder.set("Élèves")
        letters = list(mailbox.fetch(imap_tools.AND(subject="Réunion"), charset="UTF-8", mark_seen=False))
        check("and letters", [letter.subject for letter in letters] == ["Réunion d'été"] * 2, letters)
        check("and bodies", all(letter.text.startswith("À l'école") for letter in letters))
        check("bulk is the same", len(list(mailbox.fetch(bulk=True, mark_seen=False))) == 2)
        mailbox.folder.rename("Élèves", "Anciens élèves")
        mailbox.folder.set("Anciens élèves")
        mailbox.move([letter.uid for letter in letters], "INBOX")
        check("the mailbox is empty", mailbox.folder.status("Anciens élèves")["MESSAGES"] == 0)
        mailbox.folder.delete("Anciens élèves")


def main():
    client = connect(receiver)
    what_is_there(client)
    uids = messages_are_as_they_were(client)
    searches(client, uids)
    flags_and_deletion(client, uids)
    another_is_heard(client)
    client.logout()
    imap_tools_agrees()
    print(f"IMAPClient and imap-tools over {security}: all held")


main()
