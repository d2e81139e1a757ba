"""SCRAM by Python's own imaplib, smtplib and hashlib: bound to the TLS connection by the certificate, and not; with a wrong
password, a wrong certificate, a word that somebody took away. Arguments: as tests/clients/main.rs gives them."""

import base64
import hashlib
import hmac
import imaplib
import os
import smtplib
import ssl
import sys

host, imap_port, smtp_port, security, certificate, sender, receiver, hidden, password, domain = sys.argv[1:11]
context = ssl.create_default_context(cafile=certificate)


class Scram:
    """One exchange (RFC 5802 §3), for imaplib and for smtplib."""

    def __init__(self, name, password, header="n,,", binding=b""):
        self.password = password
        self.header, self.binding = header.encode(), binding
        self.bare = b"n=%s,r=%s" % (name.encode(), base64.b64encode(os.urandom(15)))
        self.turns = [lambda challenge: self.header + self.bare, self.last, self.done]
        self.proved = False

    def __call__(self, challenge=None):
        return self.turns.pop(0)(challenge)

    def last(self, challenge):
        fields = dict(field.split(b"=", 1) for field in challenge.split(b","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(fields[b"s"]), int(fields[b"i"]))
        without_proof = b"c=" + base64.b64encode(self.header + self.binding) + b",r=" + fields[b"r"]
        said = b",".join([self.bare, challenge, without_proof])
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), said, "sha256")
        self.expected = b"v=" + base64.b64encode(
            hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), said, "sha256")
        )
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        return without_proof + b",p=" + base64.b64encode(proof)

    def done(self, challenge):
        assert challenge == self.expected, challenge
        self.proved = True
        return b""


def imap():
    if security == "tls":
        return imaplib.IMAP4_SSL(host, int(imap_port), ssl_context=context)
    client = imaplib.IMAP4(host, int(imap_port))
    if security == "starttls":
        client.starttls(context)
    return client


def smtp():
    if security == "tls":
        client = smtplib.SMTP_SSL(host, int(smtp_port), context=context)
    else:
        client = smtplib.SMTP(host, int(smtp_port))
    if security == "starttls":
        client.starttls(context=context)
    client.ehlo()
    return client


def by_imap(mechanism, scram):
    client = imap()
    try:
        client.authenticate(mechanism, lambda challenge: scram(challenge))
        assert scram.proved and client.select("INBOX")[0] == "OK"
        client.logout()
        return "OK"
    except imaplib.IMAP4.error as error:
        return str(error)


def by_smtp(mechanism, scram):
    client = smtp()

    def text(challenge=None):
        # smtplib takes text, and asks for the initial response without a challenge.
        return scram(challenge).decode("ascii")

    try:
        client.auth(mechanism, text)
        assert scram.proved and client.mail(name)[0] == 250
        client.quit()
        return "OK"
    except smtplib.SMTPAuthenticationError as error:
        return f"{error.smtp_code} {error.smtp_error.decode()}"


name = f"{sender}@{domain}"
words = imap().capabilities
plus = security != "plain"
assert "AUTH=SCRAM-SHA-256" in words, words
assert ("AUTH=SCRAM-SHA-256-PLUS" in words) == plus, words
announced = smtp().esmtp_features["auth"].split()
# Submission hides it: submission.hidden_mechanisms.
assert "SCRAM-SHA-256" in announced and "SCRAM-SHA-256-PLUS" not in announced, announced

for way, refused, bound in [(by_imap, "[AUTHENTICATIONFAILED]", plus), (by_smtp, "535 5.7.8", False)]:
    assert way("SCRAM-SHA-256", Scram(name, password)) == "OK", way
    for wrong in [Scram(name, "wrong"), Scram(f"nobody@{domain}", password)]:
        said = way("SCRAM-SHA-256", wrong)
        assert refused in said, said
    said = way("SCRAM-SHA-256", Scram(name, password, "y,,"))
    if not bound:
        assert said == "OK", said
        continue
    # The client could, and the word SCRAM-SHA-256-PLUS was announced.
    assert "Channel binding does not match" in said, said
    with open(certificate) as file:
        shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).digest()
    header = "p=tls-server-end-point,,"
    assert way("SCRAM-SHA-256-PLUS", Scram(name, password, header, shown)) == "OK", way
    for other in [hashlib.sha256(b"another certificate").digest(), b""]:
        said = way("SCRAM-SHA-256-PLUS", Scram(name, password, header, other))
        assert "Channel binding does not match" in said, said

print("all held")
