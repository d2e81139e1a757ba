#!/usr/bin/env python3
"""Resident memory of the server while a large message goes to many people and is read by some.

usage: benches/large_letter.py [--megabytes 25] [--people 500] [--readers 20] [--binary target/release/passerelle]

Starts the demo in a temporary folder, on free ports of 127.0.0.1, and prints memory before, during (peak) and after,
with the time that the submission took. Needs Python 3 and nothing else.
"""
import argparse
import base64
import imaplib
import os
import smtplib
import socket
import subprocess
import tempfile
import threading
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


class Peak(threading.Thread):
    """Samples resident memory every 5 ms."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.running = pid, 0.0, True
        self.start()

    def run(self):
        while self.running:
            self.peak = max(self.peak, resident(self.pid))
            time.sleep(0.005)

    def stop(self):
        self.running = False
        self.join()
        return self.peak


def read(port, user, expected, failures):
    box = imaplib.IMAP4("127.0.0.1", port)
    box.login(user, "secret")
    box.select("INBOX")
    _, data = box.uid("FETCH", "1:*", "(RFC822.SIZE BODY.PEEK[])")
    if not data or data[0] is None or len(data[0][1]) < expected:
        failures.append(user)
    box.logout()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=25)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--binary", default="target/release/passerelle")
    args = parser.parse_args()
    imap, smtp = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [args.binary, "demo", "--data-dir", folder, "--domain", "school.test", "--imap-port", str(imap),
             "--imaps-port", "0", "--submission-port", str(smtp), "--submissions-port", "0", "--ldap-port", "0", "--http-port", "0",
             "--bench-accounts", str(args.people + 1), "--password", "secret"],
            stdout=subprocess.PIPE, text=True)
        try:
            while server.stdout.readline().strip() != "ready":
                if server.poll() is not None:
                    raise SystemExit("the demo ended before it was ready")
            threading.Thread(target=server.stdout.read, daemon=True).start()
            time.sleep(1)
            print(f"before: {resident(server.pid):.1f} MB")
            sender = f"u{args.people + 1:04}@school.test"
            block = base64.encodebytes(os.urandom(args.megabytes * 1000 * 1000 * 57 // 78)).decode().replace("\n", "\r\n")
            message = (f"From: <{sender}>\r\nTo: undisclosed-recipients:;\r\nSubject: large\r\nMIME-Version: 1.0\r\n"
                       "Content-Type: application/octet-stream; name=\"x.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                       + block)
            peak = Peak(server.pid)
            with smtplib.SMTP("127.0.0.1", smtp) as client:
                client.login(sender, "secret")
                client.mail(sender)
                for number in range(1, args.people + 1):
                    code, text = client.rcpt(f"u{number:04}@school.test")
                    assert code == 250, text
                start = time.monotonic()
                code, text = client.data(message)
                took = time.monotonic() - start
                assert code == 250, text
            print(f"submission: {len(message) / 1e6:.1f} MB to {args.people} people in {took:.2f} s, peak {peak.stop():.1f} MB")
            peak, failures = Peak(server.pid), []
            start = time.monotonic()
            readers = [threading.Thread(target=read, args=(imap, f"u{n:04}@school.test", len(message), failures))
                       for n in range(1, args.readers + 1)]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
            print(f"reading: {args.readers} people at once in {time.monotonic() - start:.2f} s, peak {peak.stop():.1f} MB, failures {failures}")
            time.sleep(2)
            print(f"after: {resident(server.pid):.1f} MB")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
