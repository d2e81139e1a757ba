#!/usr/bin/env python3
"""Python's imaplib over zlib's own DEFLATE: COMPRESS as other clients' library does it.

compress.py HOST IMAP_PORT SMTP_PORT SECURITY CERTIFICATE SENDER RECEIVER HIDDEN PASSWORD DOMAIN
SECURITY: plain, starttls or tls. Ends with status 0 where all held, else shows the first thing that did not.
"""

import imaplib
import io
import ssl
import sys
import zlib

host, imap_port, _, security, certificate, sender, _, _, password, domain = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)


def check(what, held, *shown):
    if not held:
        print(f"imaplib over {security}: does not hold: {what}", *map(repr, shown), file=sys.stderr)
        sys.exit(1)


class Deflated(io.RawIOBase):
    """A socket's octets, compressed both ways. Every write is flushed by `flush`, in packets of `packet` octets."""

    def __init__(self, sock, flush, packet):
        self.sock, self.flush_kind, self.packet = sock, flush, packet
        self.deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.inflate = zlib.decompressobj(-15)
        self.sent = self.received = 0

    def readable(self):
        return True

    def readinto(self, room):
        plain = b""
        while not plain:
            wire = self.inflate.unconsumed_tail
            if not wire:
                wire = self.sock.recv(self.packet)
                self.received += len(wire)
                if not wire:
                    return 0
            plain = self.inflate.decompress(wire, len(room))
        room[:len(plain)] = plain
        return len(plain)

    def sendall(self, plain):
        wire = self.deflate.compress(plain) + self.deflate.flush(self.flush_kind)
        self.sent += len(wire)
        for at in range(0, len(wire), self.packet):
            self.sock.sendall(wire[at:at + self.packet])


def connect():
    if security == "tls":
        client = imaplib.IMAP4_SSL(host, int(imap_port), ssl_context=context, timeout=60)
    else:
        client = imaplib.IMAP4(host, int(imap_port), timeout=60)
        if security == "starttls":
            client.starttls(context)
    check("LOGIN", client.login(f"{sender}@{domain}", password)[0] == "OK")
    return client


def compress(client, flush, packet):
    imaplib.Commands["COMPRESS"] = ("AUTH", "SELECTED")
    check("COMPRESS is offered", "COMPRESS=DEFLATE" in client.capability()[1][0].decode())
    check("COMPRESS", client._simple_command("COMPRESS", "DEFLATE")[0] == "OK")
    wire = Deflated(client.sock, flush, packet)
    client.send = wire.sendall
    for name in ("file", "_file"):
        if hasattr(client, name):
            try:
                setattr(client, name, io.BufferedReader(wire))
            except AttributeError:
                pass
    return wire


LETTER = (f"From: {sender}@{domain}\r\nTo: {sender}@{domain}\r\nSubject: comprim\r\n\r\n".encode()
          + b"".join(b"Ligne %d de la lettre, toujours la meme.\r\n" % line for line in range(20000)))

for flush in (zlib.Z_SYNC_FLUSH, zlib.Z_PARTIAL_FLUSH, zlib.Z_FULL_FLUSH):
    for packet in (1 << 16, 1460, 3):
        letter = LETTER if packet > 3 else LETTER[:5000]
        client = connect()
        wire = compress(client, flush, packet)
        check("SELECT", client.select("INBOX")[0] == "OK")
        before = wire.sent
        answer, told = client.append("INBOX", None, None, letter)
        check("APPEND", answer == "OK", told)
        check("what is sent is small", wire.sent - before < len(letter) / 2, wire.sent - before)
        check("NOOP", client.noop()[0] == "OK")
        before = wire.received
        answer, told = client.fetch("*", "(BODY.PEEK[] ENVELOPE FLAGS)")
        check("FETCH", answer == "OK" and told[0][1] == letter, told[0][0])
        check("what comes is small", wire.received - before < len(letter) / 2, wire.received - before)
        answer, told = client._simple_command("COMPRESS", "DEFLATE")
        check("once", answer == "NO" and b"COMPRESSIONACTIVE" in told[0], told)
        check("SEARCH", client.search(None, "SUBJECT", "comprim")[0] == "OK")
        check("LOGOUT", client.logout()[0] == "BYE")

print("all held")
